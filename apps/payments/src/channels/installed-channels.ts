import type { PaymentsSettings } from '../payments-settings.ts';
import { readAlipayCredentials } from './alipay/alipay-credentials.ts';
import { AlipayClient } from './alipay/alipay.client.ts';
import type { PaymentChannel } from './payment-channel.ts';
import { unfitForProduction } from './provider-address.ts';
import { readWechatCredentials } from './wechat-pay/wechat-credentials.ts';
import { WechatPayClient } from './wechat-pay/wechat-pay.client.ts';

/** The channels of this installation. In production, throws where one of them is a sandbox. */
export function channelsOf(settings: PaymentsSettings): readonly PaymentChannel[] {
  return [wechatOf(settings), ...alipayOf(settings)];
}

function wechatOf(settings: PaymentsSettings): PaymentChannel {
  const credentials = readWechatCredentials(settings.WECHATPAY_KEYS_DIR);
  refuseSandbox(settings, credentials, settings.WECHATPAY_BASE_URL);
  return new WechatPayClient(credentials, {
    baseUrl: settings.WECHATPAY_BASE_URL,
    timeoutMs: settings.WECHATPAY_TIMEOUT_MS,
    notifyBaseUrl: settings.WECHATPAY_NOTIFY_BASE_URL,
    refundSpacingMs: settings.WECHATPAY_REFUND_SPACING_MS,
  });
}

function alipayOf(settings: PaymentsSettings): readonly PaymentChannel[] {
  const { ALIPAY_KEYS_DIR: directory, ALIPAY_GATEWAY_URL: gatewayUrl } = settings;
  if (directory === undefined) return [];
  const credentials = readAlipayCredentials(directory);
  refuseSandbox(settings, credentials, gatewayUrl);
  const client = new AlipayClient(credentials, {
    gatewayUrl,
    timeoutMs: settings.ALIPAY_TIMEOUT_MS,
    notifyBaseUrl: settings.ALIPAY_NOTIFY_BASE_URL ?? settings.WECHATPAY_NOTIFY_BASE_URL,
    refundWindowDays: settings.ALIPAY_REFUND_WINDOW_DAYS,
    refundSpacingMs: settings.ALIPAY_REFUND_SPACING_MS,
  });
  return [client];
}

function refuseSandbox(
  { NODE_ENV: environment }: PaymentsSettings,
  credentials: { readonly sandbox: boolean },
  baseUrl: string,
): void {
  const unfit = unfitForProduction(credentials, baseUrl);
  if (environment === 'production' && unfit !== undefined) throw new Error(unfit);
}
