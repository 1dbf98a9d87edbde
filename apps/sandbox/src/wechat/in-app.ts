import { createVerify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ProviderError } from '../providers/provider-error.ts';

const prefix = 'prepay_id=';

const parametersFor = (appid: string) =>
  z.object({
    appId: z.literal(appid),
    timeStamp: z.string().regex(/^\d{10}$/),
    nonceStr: z.string().min(1).max(32),
    package: z.string().startsWith(prefix),
    signType: z.literal('RSA'),
    paySign: z.string(),
  });

/** The prepay id that the payer's app believes: only parameters that the merchant signed for its own app open a payment. */
export function prepayIdOf(
  told: object,
  merchant: { readonly appid: string; readonly publicKey: KeyObject },
): string {
  const parsed = parametersFor(merchant.appid).safeParse(told);
  if (!parsed.success) throw new ProviderError(400, 'SIGN_ERROR', z.prettifyError(parsed.error));
  const { appId, timeStamp, nonceStr, package: prepay, paySign } = parsed.data;
  const verifier = createVerify('RSA-SHA256').update(`${appId}\n${timeStamp}\n${nonceStr}\n${prepay}\n`);
  if (!verifier.verify(merchant.publicKey, paySign, 'base64'))
    throw new ProviderError(400, 'SIGN_ERROR', 'paySign does not match what the app was told.');
  return prepay.slice(prefix.length);
}
