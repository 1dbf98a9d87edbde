import { readFileSync } from 'node:fs';
import { grpcDownload, grpcStream, Problem } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

let ledger: ServiceForSpecs;

beforeAll(async () => {
  ledger = await ledgerService('ledger-doors', 20_000 + ((process.pid + 15_000) % 20_000), (environment) =>
    Object.assign(process.env, environment),
  );
}, 60_000);

afterAll(() => ledger.close(), 30_000);

/** Every question and command of the ledger by both doors: they are equals. */
const doors: Readonly<Record<string, { readonly rest: string; readonly scope: string }>> = {
  GetBalance: { rest: 'GET /v1/customers/{customerId}/balance', scope: 'ledger:read' },
  GetBalances: { rest: 'GET /v1/balances', scope: 'ledger:read' },
  ListLots: { rest: 'GET /v1/customers/{customerId}/lots', scope: 'ledger:read' },
  GetStatement: { rest: 'GET /v1/customers/{customerId}/statement', scope: 'ledger:read' },
  GetCharge: { rest: 'GET /v1/customers/{customerId}/charges/{chargeId}', scope: 'ledger:read' },
  ListChargesOfLot: { rest: 'GET /v1/customers/{customerId}/lots/{topUpId}/charges', scope: 'ledger:read' },
  QuoteRefund: { rest: 'GET /v1/customers/{customerId}/refund-quote', scope: 'ledger:read' },
  ListEntries: { rest: 'GET /v1/books/{bookId}/entries', scope: 'ledger:read' },
  ListJournal: { rest: 'GET /v1/journal', scope: 'ledger:read' },
  PlaceHold: { rest: 'POST /v1/holds', scope: 'holds:write' },
  ExtendHold: { rest: 'POST /v1/holds/{holdId}/extend', scope: 'holds:write' },
  ReleaseHold: { rest: 'POST /v1/holds/{holdId}/release', scope: 'holds:write' },
  SettleHold: { rest: 'POST /v1/holds/{holdId}/settle', scope: 'ledger:post' },
  RenewLease: { rest: 'POST /v1/leases/{leaseId}/renew', scope: 'holds:write' },
  RequestAdjustment: { rest: 'POST /v1/adjustments', scope: 'adjustments:request' },
  ApproveAdjustment: { rest: 'POST /v1/adjustments/{adjustmentId}/approve', scope: 'adjustments:approve' },
  RejectAdjustment: { rest: 'POST /v1/adjustments/{adjustmentId}/reject', scope: 'adjustments:approve' },
  GetAdjustment: { rest: 'GET /v1/adjustments/{adjustmentId}', scope: 'ledger:read' },
  ListAdjustments: { rest: 'GET /v1/adjustments', scope: 'ledger:read' },
  ListDeeds: { rest: 'GET /v1/audit', scope: 'ledger:read' },
  ListClosedPeriods: { rest: 'GET /v1/periods', scope: 'ledger:read' },
  GetTrialBalance: { rest: 'GET /v1/trial-balance', scope: 'ledger:read' },
  Rebuild: { rest: 'POST /v1/rebuild', scope: 'ledger:read' },
  Verify: { rest: 'POST /v1/verify', scope: 'ledger:read' },
  ListSeals: { rest: 'GET /v1/seals', scope: 'ledger:read' },
  GetSeal: { rest: 'GET /v1/seals/{day}', scope: 'ledger:read' },
  ProveEntry: { rest: 'GET /v1/books/{bookId}/entries/{version}/proof', scope: 'ledger:read' },
  Export: { rest: 'GET /v1/export', scope: 'ledger:read' },
  ExportBook: { rest: 'GET /v1/books/{bookId}/export', scope: 'ledger:read' },
};
/** The stream of holds is the same commands on one connection; over REST they are requests. */
const streams: Readonly<Record<string, string>> = { Holds: 'holds:write' };

const proto = readFileSync(
  new URL('../../../libs/contracts/proto/haoli/ledger/v1/ledger.proto', import.meta.url),
  'utf8',
);
const methods = [...proto.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name]) => name ?? '');
const scopeOf = (method: string): string => doors[method]?.scope ?? streams[method] ?? '';
const every = 'ledger:read ledger:post holds:write adjustments:request adjustments:approve'.split(' ');
/** A token that may do all but this. */
const allBut = (scope: string): string => every.filter((other) => other !== scope).join(' ');

async function answeredOverGrpc(api: object, method: string): Promise<unknown> {
  if (method.startsWith('Export')) {
    for await (const part of grpcDownload(api, method, {})) return part;
    return undefined;
  }
  if (method === 'Holds') {
    const stream = await grpcStream<object, object>(api, method);
    stream.end();
    for await (const answer of stream.answers) return answer;
    return undefined;
  }
  const unary = api as Record<string, (request: object) => Promise<unknown>>;
  return unary[method]?.({});
}

const answeredOverRest = (door: string, token?: string): Promise<number> => {
  const [method = '', path = ''] = door.split(' ');
  const url = `${ledger.base}${path.replaceAll(/\{\w+\}/g, 'some_1')}`;
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': 'walk-1',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const body = method === 'POST' ? { body: '{}' } : {};
  return fetch(url, { method, headers, ...body }).then(({ status }) => status);
};

describe('the doors of the ledger', () => {
  it('are equals: what can be asked over gRPC can be asked over REST, and nothing else', async () => {
    expect([...methods].sort()).toEqual([...Object.keys(doors), ...Object.keys(streams)].sort());
    const document = (await (await fetch(`${ledger.base}/docs-json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, ways]) =>
      Object.keys(ways).map((way) => `${way.toUpperCase()} ${path}`),
    );
    const business = routes.filter((route) => / \/v1\/(?!admin\/)/.test(route));
    expect(business.sort()).toEqual(
      Object.values(doors)
        .map(({ rest }) => rest)
        .sort(),
    );
  });

  it.each(Object.values(doors).map(({ rest, scope }) => [rest, scope]))(
    '%s needs a token, and the scope %s in it',
    async (rest, scope) => {
      expect(await answeredOverRest(rest)).toBe(401);
      expect(await answeredOverRest(rest, 'no.such.token')).toBe(401);
      expect(await answeredOverRest(rest, await ledger.token(allBut(scope)))).toBe(403);
      expect([401, 403]).not.toContain(await answeredOverRest(rest, await ledger.token(scope)));
    },
  );

  it.each(methods.map((method) => [method, scopeOf(method)]))(
    '%s needs the scope %s',
    async (method, scope) => {
      const outsider = ledger.someone('walker', allBut(scope));
      const refused = await answeredOverGrpc(outsider.api, method).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'forbidden', status: 403 });
      const insider = ledger.someone('walker', scope);
      const answered = await answeredOverGrpc(insider.api, method).catch((error: unknown) => error);
      if (answered instanceof Problem) expect(answered.status).not.toBe(403);
    },
  );

  it.each(methods)('%s answers nobody without a token', async (method) => {
    const refused = await answeredOverGrpc(ledger.nobody, method).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unauthenticated' });
  });
});
