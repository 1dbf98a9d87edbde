import type { AlipaySdk } from 'alipay-sdk';
import { z } from 'zod';
import { NotificationRefused, type ProviderNews, type RawNotification } from '../payment-channel.ts';
import { TradeNews, tradeOf } from './alipay-answers.ts';
import type { AlipayCredentials } from './alipay-credentials.ts';

/** Proves that Alipay sent this form, and tells what it says. It has no time of its own: repeats are known by our state. */
export function readNotification(
  { body }: RawNotification,
  { sdk, credentials }: { readonly sdk: AlipaySdk; readonly credentials: AlipayCredentials },
): ProviderNews {
  const form = formOf(body);
  // Before the signature: the library verifies by the type that the sender names, and `RSA` would mean SHA-1.
  if (form['sign_type'] !== 'RSA2') throw new NotificationRefused('bad-envelope', 'sign_type is not RSA2');
  if (form['charset']?.toLowerCase() !== 'utf-8')
    throw new NotificationRefused('bad-envelope', 'charset is not utf-8');
  if (!form['sign']) throw new NotificationRefused('missing-header', 'sign');
  if (!proven(sdk, form)) throw new NotificationRefused('bad-signature', credentials.serial);
  return newsOf(form, credentials);
}

function newsOf(form: Readonly<Record<string, string>>, { appId, sellerId, serial }: AlipayCredentials) {
  const parsed = TradeNews.safeParse(form);
  if (!parsed.success) throw new NotificationRefused('bad-content', z.prettifyError(parsed.error));
  const { notify_id: key, ...told } = parsed.data;
  const proof = { key, serial };
  const ours = told.app_id === appId && told.seller_id === sellerId;
  // After a refund in part the provider tells TRADE_SUCCESS once more; it is news of the refund, not a payment.
  if (told.refund_fee !== undefined)
    return { kind: 'refund-hint', ...proof, number: told.out_biz_no ?? '', ours } as const;
  if (told.trade_status === 'WAIT_BUYER_PAY')
    return { kind: 'ignored', ...proof, type: told.trade_status } as const;
  return { kind: 'payment', ...proof, trade: readTrade(told, ours) } as const;
}

function readTrade(told: Omit<TradeNews, 'notify_id'>, ours: boolean) {
  try {
    return tradeOf(told, told.gmt_payment, ours);
  } catch (error) {
    throw new NotificationRefused('bad-content', String(error));
  }
}

/** A name that comes twice could mean one thing to the signature and another to the reader. */
function formOf(body: Buffer): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(body.toString('utf8'))];
  const form = Object.fromEntries(pairs);
  if (Object.keys(form).length !== pairs.length)
    throw new NotificationRefused('bad-envelope', 'a field comes twice');
  return form;
}

function proven(sdk: AlipaySdk, form: Readonly<Record<string, string>>): boolean {
  try {
    return sdk.checkNotifySignV2({ ...form });
  } catch {
    return false;
  }
}
