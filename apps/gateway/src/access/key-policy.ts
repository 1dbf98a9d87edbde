import { AmountText, ModelName } from '@app/contracts';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

/** What a key may be used for. */
export const keyScopes = ['models', 'read', 'top-ups', 'refunds', 'keys', 'webhooks'] as const;
export type KeyScope = (typeof keyScopes)[number];

const limit = z.int().min(1).max(1_000_000_000).nullable();

/** An address, or a range of them such as `203.0.113.0/24` or `2001:db8::/32`. */
const AddressRange = z.string().max(64).refine(isRange, 'is no address and no range such as 203.0.113.0/24');

/** How much may be spent; null where there is no end to it. */
export const Budgets = z.strictObject({
  total: AmountText.nullable().default(null),
  daily: AmountText.nullable().default(null).describe('By the customer’s days.'),
  monthly: AmountText.nullable().default(null),
});
export type Budgets = z.infer<typeof Budgets>;

/** No end to what may be spent, but what is in the wallet. */
export const noBudgets: Budgets = Budgets.parse({});

/** What a key may do; what is not said is not limited. */
export const KeyPolicy = z.strictObject({
  scopes: z
    .array(z.enum(keyScopes))
    .min(1)
    .default([...keyScopes])
    .describe(
      'models: call models; read: balance, usage, prices; top-ups and refunds: make them; keys and webhooks: manage them.',
    ),
  models: z.array(ModelName).min(1).max(200).nullable().default(null).describe('Only these models.'),
  requestsPerMinute: limit.default(null),
  tokensPerMinute: limit.default(null),
  concurrentCalls: limit.default(null),
  addresses: z
    .array(AddressRange)
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('Only from these addresses, v4 or v6.'),
  budgets: Budgets.default(noBudgets).describe(
    'How much may be spent with this key, in the wallet’s currency.',
  ),
});
export type KeyPolicy = z.infer<typeof KeyPolicy>;

/** A key that may do everything. */
export const unlimited: KeyPolicy = KeyPolicy.parse({});

/** Whether the key may call a model. */
export const allowsModel = ({ models }: KeyPolicy, model: string): boolean =>
  models === null || models.includes(model);

/** Says whether a key may be used from an address. Addresses that are not known are refused where a list says which are allowed. */
export function addressCheck({ addresses }: KeyPolicy): (address: string | undefined) => boolean {
  if (addresses === null) return () => true;
  const allowed = new BlockList();
  for (const range of addresses) {
    const [net = '', bits] = range.split('/');
    const family = isIPv4(net) ? 'ipv4' : 'ipv6';
    allowed.addSubnet(net, bits === undefined ? bitsOf(net) : Number(bits), family);
  }
  return (address) =>
    address !== undefined && isIP(address) !== 0 && allowed.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** Whether the key is held back in any way, so that it must not make keys that are not. */
function isRestricted({ models, addresses, budgets, ...limits }: KeyPolicy): boolean {
  const { requestsPerMinute, tokensPerMinute, concurrentCalls } = limits;
  const all = [
    models,
    addresses,
    ...Object.values(budgets),
    requestsPerMinute,
    tokensPerMinute,
    concurrentCalls,
  ];
  return all.some((value) => value !== null);
}

/** Whether a key may make or change one of these scopes and this end: none does more than itself, or for longer. */
export function mayGrant(
  own: KeyGrant,
  {
    scopes,
    expiresAt,
  }: { readonly scopes: readonly KeyScope[]; readonly expiresAt: string | null | undefined },
): boolean {
  if (isRestricted(own.policy) || !scopes.every((scope) => own.policy.scopes.includes(scope))) return false;
  if (own.expiresAt === null || expiresAt === undefined) return true;
  return expiresAt !== null && Date.parse(expiresAt) <= Date.parse(own.expiresAt);
}

/** What a key may do, and for how long. */
interface KeyGrant {
  readonly policy: KeyPolicy;
  readonly expiresAt: string | null;
}

const bitsOf = (address: string): number => (isIPv4(address) ? 32 : 128);

function isRange(text: string): boolean {
  const [net = '', bits, ...more] = text.split('/');
  if (isIP(net) === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsOf(net));
}
