/** What `--help` says. */
export const usage = `npm run prices -- import <file.yaml|file.csv> [--dry-run] [--reason "why"]
npm run prices -- import --official <list-prices.json> --card hk-2 --from 2026-12-01T00:00:00Z --rate 7.1 --as-of 2026-11-20
                         [--divided-by 3.05] [--decimals 6] [--dry-run] [--reason "why"]
npm run prices -- export [--card standard] [--format yaml|csv]
npm run prices -- audit  [--card standard] [--official <list-prices.json>] [--table <table.csv>]
npm run prices -- proposals
npm run prices -- approve|reject <proposal> --hash <payloadSha256> --reason "why"     as the second person
npm run prices -- margins --from 2026-11-01 --to 2026-11-30

Files of ours: docs/samples/prices. The guide: docs/guides/publish-a-price.md.
Uses the platform that \`npm start\` keeps up in this folder, else METERING_HTTP_URL, OIDC_ISSUER, OPERATOR_CLIENT_ID and
OPERATOR_CLIENT_SECRET; approve and reject use FINANCE_CHECKER_CLIENT_ID and FINANCE_CHECKER_CLIENT_SECRET.
Ends with 0 where it was done, 1 where it was refused (or the audit found something), 2 where the command is wrong.
`;

/** What may follow a command. */
export const options = {
  help: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  reason: { type: 'string' },
  card: { type: 'string' },
  format: { type: 'string' },
  official: { type: 'string' },
  table: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  rate: { type: 'string' },
  'as-of': { type: 'string' },
  'divided-by': { type: 'string' },
  decimals: { type: 'string' },
  hash: { type: 'string' },
} as const;

/** The values of the options. */
export type Values = {
  readonly [Name in keyof typeof options]?:
    ((typeof options)[Name]['type'] extends 'boolean' ? boolean : string) | undefined;
};

/** What is asked of metering. */
export interface PriceRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Who asks: decisions are the second person's. */
  readonly as: 'operator' | 'checker';
}

/** The command is wrong; the message says how. */
export class WrongCommand extends Error {
  override readonly name = 'WrongCommand';
}

/** Turns a command into a request; `read` gives the text of a file. */
export function priceRequest(
  [command = '', argument]: readonly string[],
  values: Values,
  read: (file: string) => string,
): PriceRequest {
  switch (command) {
    case 'import':
      return post('/v1/price-book/imports', importBody(argument, values, read));
    case 'export':
      return get('/v1/price-book/export', { card: values.card, format: values.format });
    case 'audit':
      return post('/v1/price-book/audits', auditBody(values, read));
    case 'proposals':
      return get('/v1/price-proposals', {});
    case 'approve':
    case 'reject':
      return decision(command, argument, values);
    case 'margins':
      return get('/v1/margins', { from: needed(values.from, '--from'), to: needed(values.to, '--to') });
    default:
      throw new WrongCommand(`"${command}" is no command.`);
  }
}

const auditBody = (values: Values, read: (file: string) => string) => ({
  ...(values.card === undefined ? {} : { card: values.card }),
  ...(values.official === undefined ? {} : { officialPrices: jsonOf(read(values.official)) }),
  ...(values.table === undefined ? {} : { table: read(values.table) }),
});

function decision(verdict: string, proposal: string | undefined, values: Values): PriceRequest {
  const path = `/v1/price-proposals/${needed(proposal, 'a proposal')}/${verdict}`;
  const body = { payloadSha256: needed(values.hash, '--hash'), reason: needed(values.reason, '--reason') };
  return { ...post(path, body), as: 'checker' };
}

function importBody(file: string | undefined, values: Values, read: (file: string) => string) {
  const how = {
    dryRun: values['dry-run'] === true,
    ...(values.reason === undefined ? {} : { reason: values.reason }),
  };
  if (values.official !== undefined)
    return {
      format: 'list-prices',
      list: jsonOf(read(values.official)),
      options: listOptions(values),
      ...how,
    };
  const path = needed(file, 'a file');
  return { format: path.endsWith('.csv') ? 'csv' : 'yaml', content: read(path), ...how };
}

const listOptions = (values: Values) => ({
  rateCardId: needed(values.card, '--card'),
  currency: 'CNY',
  effectiveFrom: needed(values.from, '--from'),
  fx: {
    rate: needed(values.rate, '--rate'),
    asOf: needed(values['as-of'], '--as-of'),
    source: 'as given to the import',
  },
  discount: { times: '1', dividedBy: values['divided-by'] ?? '1' },
  rounding: { mode: 'half-up', decimals: Number(values.decimals ?? '12') },
});

const post = (path: string, body: unknown): PriceRequest => ({ method: 'POST', path, body, as: 'operator' });

function get(path: string, query: Readonly<Record<string, string | undefined>>): PriceRequest {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = new URLSearchParams(given).toString();
  return { method: 'GET', path: text === '' ? path : `${path}?${text}`, as: 'operator' };
}

function needed(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new WrongCommand(`${name} is missing.`);
  return value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongCommand('The file of official prices is no JSON.');
  }
}
