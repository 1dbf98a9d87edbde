import { Problem } from '@app/transport';
import { z } from 'zod';
import type { NewOrder, PaymentChannel, PayMethod } from '../channels/payment-channel.ts';

/** How the customer wants to pay. */
export type WayToPay = Pick<NewOrder, 'method' | 'payer' | 'returnUrl'>;

interface AskedWay {
  readonly method?: string | undefined;
  readonly payer?: string | undefined;
  readonly returnUrl?: string | undefined;
}

const Payer = z.string().regex(/^[0-9A-Za-z_-]{1,128}$/);
const ReturnUrl = z.url({ protocol: /^https?$/ }).max(256);

/** The way to pay as it was asked for, checked against what the channel offers; throws a Problem naming the field. */
export function wayOf(asked: AskedWay, channel: PaymentChannel): WayToPay {
  const method = methodOf(asked.method, channel);
  const payer = given(asked.payer);
  const returnUrl = given(asked.returnUrl);
  if (method === 'jsapi' && !Payer.safeParse(payer).success)
    throw invalid('payer', 'Paying inside the app needs the payer’s openid.', 'Send the openid as payer.');
  if (method !== 'jsapi' && payer !== undefined)
    throw invalid('payer', `The method ${method} does not ask who pays.`, 'Leave payer out.');
  if (method !== 'page' && returnUrl !== undefined)
    throw invalid('returnUrl', `The method ${method} sends nobody back.`, 'Leave returnUrl out.');
  if (returnUrl !== undefined && !ReturnUrl.safeParse(returnUrl).success)
    throw invalid(
      'returnUrl',
      'It is no http or https address of at most 256 characters.',
      'Send a whole address.',
    );
  return { method, payer, returnUrl };
}

/** What a repeat of the request must say as well. The channel's usual way goes without saying. */
export function unusual({ method, payer, returnUrl }: WayToPay, { policy }: PaymentChannel) {
  return {
    ...(method === policy.methods[0] ? {} : { method }),
    ...(payer === undefined ? {} : { payer }),
    ...(returnUrl === undefined ? {} : { returnUrl }),
  };
}

function methodOf(asked: string | undefined, { code, policy }: PaymentChannel): PayMethod {
  const wanted = given(asked) ?? policy.methods[0];
  const found = policy.methods.find((method) => method === wanted);
  if (found) return found;
  const remedy = `Use one of: ${policy.methods.join(', ')}.`;
  throw invalid('method', `The channel ${code} cannot be paid by ${(wanted ?? '').slice(0, 32)}.`, remedy);
}

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const invalid = (field: string, detail: string, remedy: string): Problem =>
  new Problem({ code: 'invalid-request', detail, field, remedy });
