import { Public } from '@app/transport';
import { Controller, Get, Headers } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Peers } from '../peers.client.ts';

const BankTransferView = z.object({
  object: z.literal('bank_transfer'),
  remittance_code: z.string().describe('Write it into the memo of every transfer; it is yours for ever.'),
  verified_name: z
    .string()
    .nullable()
    .describe('Transfers from an account of this name are credited by themselves; others wait for a person.'),
  accounts: z.array(
    z.object({ bank_name: z.string(), account_name: z.string(), account: z.string(), currency: z.string() }),
  ),
});

/** How a customer pays by bank transfer. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/bank-transfer')
@Public()
export class BankTransferController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Where to transfer to, and the code that says that it is you' })
  @ApiOkResponse({ standardSchema: BankTransferView })
  async show(
    @Headers('authorization') authorization: string | undefined,
  ): Promise<z.infer<typeof BankTransferView>> {
    const { customerId } = await this.access.handle(authorization);
    const details = await this.peers.payments.GetBankDetails({ customerId });
    return {
      object: 'bank_transfer',
      remittance_code: details.remittanceCode,
      verified_name: details.verifiedName === '' ? null : details.verifiedName,
      accounts: details.accounts.map(({ bankName, accountName, account, currency }) => ({
        ...{ bank_name: bankName, account_name: accountName, account, currency },
      })),
    };
  }
}
