import { newId } from '@app/persistence';
import { Public } from '@app/transport';
import { Body, Controller, Delete, Get, Header, Headers, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { KeyPepper } from '../access/issue-key.handler.ts';
import { Clock, later } from '../clock.ts';
import { badRequest, notFound } from '../openai/openai-error.ts';
import { problemOfUrl, WebhookReach } from './webhook-url.ts';
import { webhookSecret } from './webhook-signature.ts';
import {
  ChangedWebhook,
  DeletedWebhook,
  NewWebhook,
  SecretWebhookView,
  WebhookList,
  WebhookView,
} from './webhook-view.ts';
import { type Endpoint, endpointsMax, WebhooksStore } from './webhooks.store.ts';

const bothSecretsMs = 86_400_000;

/** Where a customer's events go to. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhooks')
@Public()
export class WebhooksController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly webhooks: WebhooksStore,
    private readonly clock: Clock,
    private readonly pepper: KeyPepper,
    private readonly reach: WebhookReach,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Has events sent to a server of yours; its secret is shown this once' })
  @ApiCreatedResponse({ standardSchema: SecretWebhookView })
  async add(
    @Headers('authorization') authorization: string | undefined,
    @Body({ schema: NewWebhook }) wanted: NewWebhook,
  ): Promise<SecretWebhookView> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    this.check(wanted.url);
    const draft = { endpointId: newId('whk'), customerId, createdAt: this.clock.now(), ...wanted };
    const endpoint = await this.webhooks.insert(draft);
    if (endpoint === undefined)
      throw badRequest(null, `An account has at most ${String(endpointsMax)} webhooks. Delete one first.`);
    return this.withSecret(endpoint);
  }

  @Get()
  @ApiOperation({ summary: 'Your webhooks' })
  @ApiOkResponse({ standardSchema: WebhookList })
  async list(@Headers('authorization') authorization: string | undefined): Promise<WebhookList> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    return { object: 'list', data: (await this.webhooks.listOf(customerId)).map(viewOf) };
  }

  @Get(':webhookId')
  @ApiOperation({ summary: 'One of your webhooks' })
  @ApiOkResponse({ standardSchema: WebhookView })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
  ): Promise<WebhookView> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    return viewOf(found(await this.webhooks.find(customerId, webhookId)));
  }

  @Patch(':webhookId')
  @ApiOperation({ summary: 'Changes a webhook; what waits for one that is disabled is not sent' })
  @ApiOkResponse({ standardSchema: WebhookView })
  async change(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
    @Body({ schema: ChangedWebhook }) change: ChangedWebhook,
  ): Promise<WebhookView> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    if (change.url !== undefined) this.check(change.url);
    return viewOf(found(await this.webhooks.change(customerId, webhookId, change)));
  }

  @Delete(':webhookId')
  @ApiOperation({ summary: 'Ends a webhook for good' })
  @ApiOkResponse({ standardSchema: DeletedWebhook })
  async delete(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
  ): Promise<DeletedWebhook> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    if (!(await this.webhooks.delete(customerId, webhookId))) throw notFound('webhook');
    return { object: 'webhook', id: webhookId, deleted: true };
  }

  @Post(':webhookId/rotate-secret')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Gives a webhook a new secret; for a day both sign' })
  @ApiOkResponse({ standardSchema: SecretWebhookView })
  async rotate(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
  ): Promise<SecretWebhookView> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    const previousUntil = later(this.clock.now(), bothSecretsMs);
    return this.withSecret(found(await this.webhooks.rotateSecret(customerId, webhookId, previousUntil)));
  }

  private check(url: string): void {
    const problem = problemOfUrl(url, this.reach);
    if (problem !== undefined) throw badRequest('url', `url: ${problem}`);
  }

  private withSecret(endpoint: Endpoint): SecretWebhookView {
    const { endpointId, secretNumber } = endpoint;
    return { ...viewOf(endpoint), secret: webhookSecret(this.pepper.text, endpointId, secretNumber) };
  }
}

function found(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined) throw notFound('webhook');
  return endpoint;
}

const viewOf = (endpoint: Endpoint): WebhookView => ({
  object: 'webhook',
  id: endpoint.endpointId,
  url: endpoint.url,
  description: endpoint.description,
  events: endpoint.events,
  status: endpoint.status,
  disabled_reason: endpoint.disabledReason,
  previous_secret_until: endpoint.previousSecretUntil,
  failing_since: endpoint.failingSince,
  created_at: endpoint.createdAt,
});
