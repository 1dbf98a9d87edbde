import { keyScopes } from '../access/key-policy.ts';

/** What can be said on the command line. */
export const options = {
  help: { type: 'boolean', short: 'h' },
  url: { type: 'string' },
  customer: { type: 'string' },
  name: { type: 'string' },
  scope: { type: 'string', multiple: true },
  model: { type: 'string', multiple: true },
  address: { type: 'string', multiple: true },
  rpm: { type: 'string' },
  tpm: { type: 'string' },
  concurrent: { type: 'string' },
  'budget-total': { type: 'string' },
  'budget-daily': { type: 'string' },
  'budget-monthly': { type: 'string' },
  expires: { type: 'string' },
} as const;

/** What `--help` prints. */
export const usage = `keys create | list | change <key id> | revoke <key id> | budget   [options]

Who: with HAOLI_API_KEY a customer manages its own keys. Without it an operator does (OIDC_ISSUER, OPERATOR_CLIENT_ID and
OPERATOR_CLIENT_SECRET), and --customer says whose.

  --customer cus_…        whose keys, for operators
  --url URL               the gateway; else GATEWAY_HTTP_URL, else http://127.0.0.1:3000
  --name NAME             what the key is called
  --scope SCOPE           ${keyScopes.join(', ')}; again for more; all unless one is named
  --model MODEL           only this model; again for more
  --address RANGE         only from this address or range, v4 or v6; again for more
  --rpm N, --tpm N        requests and tokens a minute
  --concurrent N          calls at once
  --budget-total AMOUNT, --budget-daily AMOUNT, --budget-monthly AMOUNT
                          how much may be spent, in the wallet's currency
  --expires INSTANT       from when on it is refused, such as 2027-01-01T00:00:00Z; never: again without end

budget sets what all keys of a customer may spend together, for operators; what is not named is not limited any more.
change replaces the whole policy where a limit is named; a name or an expiry alone leaves it as it is.
Prints the answer as JSON; the key itself is in it at its creation only. Ends with 0, 1 where the gateway refuses, 2 otherwise.
`;

type Values = Readonly<
  Partial<Record<keyof typeof options, string | readonly string[] | boolean | undefined>>
>;

/** A request to the gateway. */
export interface KeyRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** What each command asks, and whether it names a key. */
const commands = {
  create: { method: 'POST', namesKey: false, tail: '' },
  list: { method: 'GET', namesKey: false, tail: '' },
  change: { method: 'PATCH', namesKey: true, tail: '' },
  revoke: { method: 'POST', namesKey: true, tail: '/revoke' },
  budget: { method: 'PATCH', namesKey: false, tail: '' },
} as const;

const isCommand = (word: string): word is keyof typeof commands => Object.hasOwn(commands, word);

/** The request that a command line asks for. Throws what is missing. */
export function keyRequest([word = '', keyId, ...more]: readonly string[], values: Values): KeyRequest {
  if (!isCommand(word))
    throw new Error(`There is no command ${word}: create, list, change, revoke or budget.`);
  const { method, namesKey, tail } = commands[word];
  if (more.length > 0 || namesKey !== (keyId !== undefined))
    throw new Error(`${word} wants ${namesKey ? 'one' : 'no'} key id`);
  const { customer } = values;
  if (word === 'budget') return budgetRequest(values);
  const keys =
    customer === undefined ? '/v1/keys' : `/v1/admin/customers/${encodeURIComponent(String(customer))}/keys`;
  const path = keyId === undefined ? keys : `${keys}/${encodeURIComponent(keyId)}${tail}`;
  const bodies = { create: said(values), change: said(values), revoke: {}, list: undefined };
  return { method, path, body: bodies[word] };
}

/** What all keys of a customer may spend together: only an operator says that. */
function budgetRequest(values: Values): KeyRequest {
  const { customer } = values;
  if (typeof customer !== 'string') throw new Error('budget wants --customer: whose keys.');
  const path = `/v1/admin/customers/${encodeURIComponent(customer)}`;
  return { method: 'PATCH', path, body: { budgets: budgetsIn(values) ?? {} } };
}

const budgetsIn = (values: Values) =>
  withoutNothing({
    total: values['budget-total'],
    daily: values['budget-daily'],
    monthly: values['budget-monthly'],
  });

function said(values: Values): Readonly<Record<string, unknown>> {
  const policy = withoutNothing({
    scopes: values.scope,
    models: values.model,
    addresses: values.address,
    requestsPerMinute: count('rpm', values.rpm),
    tokensPerMinute: count('tpm', values.tpm),
    concurrentCalls: count('concurrent', values.concurrent),
    budgets: budgetsIn(values),
  });
  const expiresAt = values.expires === 'never' ? null : values.expires;
  return withoutNothing({ name: values.name, policy, expiresAt }) ?? {};
}

/** A count that cannot be read is refused here: JSON would say it as null, which is no limit at all. */
function count(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} wants a whole number above zero, not ${JSON.stringify(text)}.`);
}

function withoutNothing(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
