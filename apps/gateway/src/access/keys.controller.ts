import { Problem, Scopes } from '@app/transport';
import { Body, Controller, Get, Header, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from './authenticate-key.handler.ts';
import { IssueKeyHandler } from './issue-key.handler.ts';
import { ChangedKey, IssuedKeyView, KeyList, KeyView, NewKey } from './key-view.ts';
import { KeysStore } from './keys.store.ts';

/** The API keys of customers, for operators. */
@ApiTags('keys')
@Controller('v1/admin/customers/:customerId/keys')
export class KeysController {
  constructor(
    private readonly issueKey: IssueKeyHandler,
    private readonly access: AuthenticateKeyHandler,
    private readonly keys: KeysStore,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @Scopes('customers:write')
  @ApiOperation({ summary: 'Issues an API key, shown this once' })
  @ApiCreatedResponse({ standardSchema: IssuedKeyView })
  async issue(
    @Param('customerId') customerId: string,
    @Body({ schema: NewKey }) wanted: NewKey,
  ): Promise<IssuedKeyView> {
    const key = await this.issueKey.handle(customerId, wanted);
    if (key === undefined)
      throw new Problem({ code: 'unknown-customer', detail: 'There is no such customer.' });
    return key;
  }

  @Get()
  @Scopes('customers:read')
  @ApiOperation({ summary: 'The keys of a customer, by prefix and last four characters' })
  @ApiOkResponse({ standardSchema: KeyList })
  async list(@Param('customerId') customerId: string): Promise<KeyList> {
    return { keys: await this.keys.listOf(customerId) };
  }

  @Patch(':keyId')
  @Scopes('customers:write')
  @ApiOperation({
    summary: 'Changes the name, policy or expiry of an active key, everywhere within a second',
  })
  @ApiOkResponse({ standardSchema: KeyView })
  async change(
    @Param('customerId') customerId: string,
    @Param('keyId') keyId: string,
    @Body({ schema: ChangedKey }) change: ChangedKey,
  ): Promise<KeyView> {
    const key = await this.keys.change(customerId, keyId, change);
    if (key === undefined)
      throw new Problem({ code: 'not-found', detail: 'The customer has no such active key.' });
    this.access.forgetAll();
    return key;
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  @Scopes('customers:write')
  @ApiOperation({ summary: 'Ends a key for good, everywhere within a second' })
  @ApiOkResponse({ standardSchema: KeyView })
  async revoke(@Param('customerId') customerId: string, @Param('keyId') keyId: string): Promise<KeyView> {
    const key = await this.keys.revoke(customerId, keyId);
    if (key === undefined) throw new Problem({ code: 'not-found', detail: 'The customer has no such key.' });
    this.access.forgetAll();
    return key;
  }
}
