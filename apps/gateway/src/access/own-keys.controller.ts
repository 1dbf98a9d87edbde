import { Public } from '@app/transport';
import { Body, Controller, Get, Header, Headers, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { notFound, restrictedKey } from '../openai/openai-error.ts';
import { AuthenticateKeyHandler } from './authenticate-key.handler.ts';
import { IssueKeyHandler } from './issue-key.handler.ts';
import { mayGrant } from './key-policy.ts';
import { ChangedKey, IssuedKeyView, KeyList, KeyView, NewKey } from './key-view.ts';
import { KeysStore } from './keys.store.ts';

/** A customer's own keys. No key makes or changes one that may do more than itself. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/keys')
@Public()
export class OwnKeysController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly issueKey: IssueKeyHandler,
    private readonly keys: KeysStore,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Makes an API key, shown this once' })
  @ApiCreatedResponse({ standardSchema: IssuedKeyView })
  async issue(
    @Headers('authorization') authorization: string | undefined,
    @Body({ schema: NewKey }) wanted: NewKey,
  ): Promise<IssuedKeyView> {
    const caller = await this.access.handle(authorization, 'keys');
    if (!mayGrant(caller, { scopes: wanted.policy.scopes, expiresAt: wanted.expiresAt }))
      throw restrictedKey();
    const key = await this.issueKey.handle(caller.customerId, wanted);
    if (key === undefined) throw notFound('customer');
    return key;
  }

  @Get()
  @ApiOperation({ summary: 'Your keys, by prefix and last four characters' })
  @ApiOkResponse({ standardSchema: KeyList })
  async list(@Headers('authorization') authorization: string | undefined): Promise<KeyList> {
    const { customerId } = await this.access.handle(authorization, 'keys');
    return { keys: await this.keys.listOf(customerId) };
  }

  @Patch(':keyId')
  @ApiOperation({
    summary: 'Changes the name, policy or expiry of an active key, everywhere within a second',
  })
  @ApiOkResponse({ standardSchema: KeyView })
  async change(
    @Headers('authorization') authorization: string | undefined,
    @Param('keyId') keyId: string,
    @Body({ schema: ChangedKey }) change: ChangedKey,
  ): Promise<KeyView> {
    const caller = await this.access.handle(authorization, 'keys');
    const before = await this.keys.find(caller.customerId, keyId);
    const scopes = [...(before?.policy.scopes ?? []), ...(change.policy?.scopes ?? [])];
    if (!mayGrant(caller, { scopes, expiresAt: change.expiresAt })) throw restrictedKey();
    const key = await this.keys.change(caller.customerId, keyId, change);
    if (key === undefined) throw notFound('key');
    this.access.forgetAll();
    return key;
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a key for good, everywhere within a second' })
  @ApiOkResponse({ standardSchema: KeyView })
  async revoke(
    @Headers('authorization') authorization: string | undefined,
    @Param('keyId') keyId: string,
  ): Promise<KeyView> {
    const { customerId } = await this.access.handle(authorization, 'keys');
    const key = await this.keys.revoke(customerId, keyId);
    if (key === undefined) throw notFound('key');
    this.access.forgetAll();
    return key;
  }
}
