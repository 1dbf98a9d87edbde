import { createSign, randomBytes } from 'node:crypto';
import type { PayAction } from '../payment-channel.ts';
import type { WechatCredentials } from './wechat-credentials.ts';

/** What the page in the payer's app hands to the app, signed by us so that nobody else can order in our name. */
export function appAction(prepayId: string, { appid, merchantPrivateKey }: WechatCredentials): PayAction {
  const timeStamp = String(Math.floor(Date.now() / 1000));
  const nonceStr = randomBytes(16).toString('hex');
  const prepay = `prepay_id=${prepayId}`;
  const paySign = createSign('RSA-SHA256')
    .update(`${appid}\n${timeStamp}\n${nonceStr}\n${prepay}\n`)
    .sign(merchantPrivateKey, 'base64');
  const parameters = { appId: appid, timeStamp, nonceStr, package: prepay, signType: 'RSA', paySign };
  return { kind: 'jsapi', value: JSON.stringify(parameters) };
}
