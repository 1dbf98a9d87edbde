import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Settings as a service declares them: each knows what it is where nobody says it. */
type Declared = Readonly<Record<string, { parse(value: undefined): unknown }>>;

const frozenSecondsMax = 120;
/** How many holds the ledger ends in one look (`apps/ledger/src/holds/sweep.handler.ts`). */
const endedAtOnce = 500;
/** A hold is asked for at once, and the ledger's answer may take so long (`apps/gateway/src/relay/holds.client.ts`). */
const answerSeconds = 3;

let gateway: Declared;
let ledger: Declared;

beforeAll(async () => {
  gateway = await declaredBy('gateway');
  ledger = await declaredBy('ledger');
});

describe('money that a killed gateway held', () => {
  it('is free within two minutes, by what is set where nobody says otherwise', () => {
    // Both clocks begin no later than the kill: the hold's own, and the silence of the lease that it belongs to.
    const due = Math.max(
      usual(gateway, 'HOLD_EXPIRY_MS') / 1_000 + answerSeconds,
      usual(ledger, 'HOLD_EXPIRY_SECONDS'),
    );
    const looks = Math.ceil(usual(gateway, 'CALLS_AT_ONCE_MAX') / endedAtOnce);
    expect(due + looks * usual(ledger, 'SWEEP_SECONDS')).toBeLessThanOrEqual(frozenSecondsMax);
  });

  it('was not free before: a gateway that lives renews its lease several times within that silence', () => {
    expect(3 * usual(gateway, 'LEASE_RENEWAL_MS')).toBeLessThan(usual(ledger, 'HOLD_EXPIRY_SECONDS') * 1_000);
  });
});

const usual = (declared: Declared, name: string): number => Number(declared[name]?.parse(undefined));

async function declaredBy(service: 'gateway' | 'ledger'): Promise<Declared> {
  const file = join(import.meta.dirname, `../../../dist/apps/${service}/src/${service}-settings.js`);
  const module = (await import(pathToFileURL(file).href)) as Record<string, { readonly shape: Declared }>;
  const settings = module[`${service}Settings`];
  if (settings === undefined) throw new Error(`${service} declares no settings`);
  return settings.shape;
}
