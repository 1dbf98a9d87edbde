import { hkdfSync } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** An endpoint as far as its signatures depend on it. */
export interface SigningEndpoint {
  readonly endpointId: string;
  /** How many secrets it has had. */
  readonly secretNumber: number;
  /** Until when the secret before is good as well. */
  readonly previousSecretUntil: string | null;
}

/** What is signed: the bytes of the body as they are sent, under the event's id. */
export interface SignedMessage {
  readonly eventId: string;
  readonly body: string;
  /** When this attempt is made. */
  readonly at: string;
}

/**
 * The secret that an endpoint's receiver verifies with. It follows from the service's own secret (HKDF, RFC 5869) and is stored
 * nowhere: who has the database cannot sign. 32 bytes, as Standard Webhooks wants between 24 and 64.
 */
export function webhookSecret(root: string, endpointId: string, number: number): string {
  const info = `haoli webhook secret ${endpointId} ${String(number)}`;
  return `whsec_${Buffer.from(hkdfSync('sha256', root, '', info, 32)).toString('base64')}`;
}

/**
 * The headers of one attempt by Standard Webhooks 1.0 (https://www.standardwebhooks.com): `webhook-id` stays the same for every
 * attempt, and after a rotation both secrets sign until the old one's time is over.
 */
export function signatureHeaders(
  root: string,
  endpoint: SigningEndpoint,
  { eventId, body, at }: SignedMessage,
): Readonly<Record<string, string>> {
  const moment = new Date(at);
  const { endpointId, secretNumber, previousSecretUntil } = endpoint;
  const isBeforeGood = previousSecretUntil !== null && Date.parse(previousSecretUntil) > moment.getTime();
  const numbers = isBeforeGood ? [secretNumber, secretNumber - 1] : [secretNumber];
  const signatures = numbers.map((number) =>
    new Webhook(webhookSecret(root, endpointId, number)).sign(eventId, moment, body),
  );
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(moment.getTime() / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}
