import type { UsageFamily } from '@app/rating';
import { UsageFamily as UsageFamilySchema } from '@app/contracts';
import { z } from 'zod';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { endpoints } from '../endpoints/endpoints.ts';

const code = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be small letters, digits and hyphens');

const UpstreamEntry = z.strictObject({
  code: code.describe('The name in events, metrics and logs; never shown to customers.'),
  url: z.url({ protocol: /^https?$/ }).describe('With `/v1`; without a slash at the end.'),
  keyFile: z.string().min(1).optional().describe('A file with its key; else UPSTREAM_KEYS has it by code.'),
  endpoints: z.array(z.string()).min(1).optional().describe('What it serves; everything unless it is said.'),
  families: z
    .record(z.string(), UsageFamilySchema)
    .default({})
    .describe(
      'Whose usage bodies it writes, by endpoint, where they are not those of the endpoint’s own maker.',
    ),
  allowPrivate: z.boolean().default(false).describe('It may be at a private address, and without TLS.'),
});

const RouteEntry = z.strictObject({
  upstream: code,
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('What the upstream calls it; the public name unless said.'),
  weight: z.int().min(1).max(1_000).default(1),
});

function problemsOf(upstream: z.infer<typeof UpstreamEntry>): string[] {
  const { code: name, url, allowPrivate, endpoints: served = [], families } = upstream;
  const unknown = [...served, ...Object.keys(families)].filter(
    (named) => !endpoints.some((endpoint) => endpoint.code === named),
  );
  const isPlain = !allowPrivate && !url.startsWith('https:');
  return [
    ...unknown.map((named) => `${name}: ${named} is no endpoint`),
    ...(isPlain ? [`${name}: only https, unless allowPrivate is set`] : []),
  ];
}

function problemsAmong(file: {
  readonly upstreams: readonly z.infer<typeof UpstreamEntry>[];
  readonly models: Readonly<Record<string, readonly z.infer<typeof RouteEntry>[]>>;
}): string[] {
  const known = new Set(file.upstreams.map((one) => one.code));
  const twice = known.size < file.upstreams.length ? ['two upstreams have the same code'] : [];
  const lost = Object.entries(file.models).flatMap(([model, routes]) =>
    routes
      .filter(({ upstream }) => !known.has(upstream))
      .map(({ upstream }) => `${model} goes to ${upstream}, which is no upstream here`),
  );
  return [...twice, ...lost];
}

/** The file that `UPSTREAMS_FILE` names. */
export const UpstreamsFile = z
  .strictObject({
    upstreams: z.array(UpstreamEntry).min(1),
    /** By public model; `*` is for every other. */
    models: z.record(z.string(), z.array(RouteEntry).min(1)),
  })
  .superRefine((file, context) => {
    for (const problem of [...file.upstreams.flatMap(problemsOf), ...problemsAmong(file)])
      context.addIssue(problem);
  });
export type UpstreamsFile = z.infer<typeof UpstreamsFile>;

/** One provider, with its key. */
export interface UpstreamAddress {
  readonly code: string;
  readonly url: string;
  readonly key: string;
  readonly endpoints: readonly string[] | undefined;
  readonly families: Readonly<Record<string, UsageFamily>>;
  readonly allowPrivate: boolean;
}

/** One way for a model to go. */
export interface Route {
  readonly upstream: UpstreamAddress;
  /** What the upstream calls the model; undefined where it has the public name. */
  readonly model: string | undefined;
  readonly weight: number;
}

/** Which providers serve which model. Only the operator says so; nothing of a request can. */
export class UpstreamRoutes {
  /** `routes` by public model; `*` for every other. */
  constructor(private readonly routes: ReadonlyMap<string, readonly Route[]>) {}

  /** Every provider. */
  get upstreams(): readonly UpstreamAddress[] {
    return [...new Set([...this.routes.values()].flat().map(({ upstream }) => upstream))];
  }

  /** Whether anybody serves the model at all. */
  serves(model: string): boolean {
    return this.routes.has(model) || this.routes.has('*');
  }

  /** The ways for a model by an endpoint; none where nobody serves it. */
  routesOf(model: string, endpoint: Pick<Endpoint, 'code'>): readonly Route[] {
    const routes = this.routes.get(model) ?? this.routes.get('*') ?? [];
    return routes.filter(({ upstream }) => upstream.endpoints?.includes(endpoint.code) ?? true);
  }
}

/** Routes of a checked file. `keyOf` finds the key of an upstream, and throws where there is none. */
export function routesOf(
  { upstreams, models }: UpstreamsFile,
  keyOf: (upstream: UpstreamsFile['upstreams'][number]) => string,
): UpstreamRoutes {
  const addresses = new Map(
    upstreams.map(({ keyFile: _keyFile, endpoints, ...rest }, at) => {
      const key = keyOf(upstreams[at] as UpstreamsFile['upstreams'][number]);
      return [rest.code, { ...rest, url: rest.url.replace(/\/$/, ''), endpoints, key }];
    }),
  );
  const entries = Object.entries(models).map(([model, routes]) => [
    model,
    routes.map(({ upstream, model: name, weight }) => ({
      upstream: addresses.get(upstream) as UpstreamAddress,
      model: name === model ? undefined : name,
      weight,
    })),
  ]);
  return new UpstreamRoutes(new Map(entries as [string, Route[]][]));
}

/** One provider for every model. */
export function singleRoute(url: string, key: string): UpstreamRoutes {
  const upstream = { code: 'default', url, key, endpoints: undefined, families: {}, allowPrivate: true };
  return new UpstreamRoutes(new Map([['*', [{ upstream, model: undefined, weight: 1 }]]]));
}

/** The routes in the order in which they are tried: each place is drawn by weight among those that are left. */
export function inTurn(routes: readonly Route[], random: () => number): readonly Route[] {
  const left = [...routes];
  const order: Route[] = [];
  while (left.length > 0) {
    let drawn = random() * left.reduce((sum, { weight }) => sum + weight, 0);
    const at = left.findIndex(({ weight }) => (drawn -= weight) < 0);
    order.push(...left.splice(Math.max(at, 0), 1));
  }
  return order;
}
