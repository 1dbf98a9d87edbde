import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallFinished, CallStarted, EventOf } from '@app/contracts';
import type { ArgumentsHost } from '@nestjs/common';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AuthenticateKeyHandler } from '../src/access/authenticate-key.handler.ts';
import { noBudgets, unlimited } from '../src/access/key-policy.ts';
import type { KeyLimitsStore } from '../src/access/key-limits.store.ts';
import { LimitCallHandler } from '../src/access/limit-call.handler.ts';
import { Clock } from '../src/clock.ts';
import { AdmitCallHandler, CallTimes } from '../src/relay/admit-call.handler.ts';
import { AnswerBuffers } from '../src/relay/answer-buffers.ts';
import { BodyAnswerHandler } from '../src/relay/body-answer.handler.ts';
import type { AnswerOnceHandler } from '../src/relay/answer-once.handler.ts';
import { CallsAtOnce } from '../src/relay/calls-at-once.ts';
import { CallJournal } from '../src/relay/call-journal.ts';
import { RelayController } from '../src/relay/relay.controller.ts';
import { EndCallHandler, UpstreamErrorWaiver } from '../src/relay/end-call.handler.ts';
import { FinishCallHandler } from '../src/relay/finish-call.handler.ts';
import { ExtendHoldHandler } from '../src/relay/extend-hold.handler.ts';
import { HoldSlices } from '../src/relay/hold-amount.ts';
import { type ExtensionRequest, type HoldAnswer, type HoldRequest, Holds } from '../src/relay/holds.ts';
import { RelayCallHandler } from '../src/relay/relay-call.handler.ts';
import { StartCallHandler } from '../src/relay/start-call.handler.ts';
import { StreamAnswerHandler } from '../src/relay/stream-answer.handler.ts';
import { ThreadTokenCounts } from '../src/relay/token-counts.client.ts';
import { TokenCounts } from '../src/relay/token-counts.ts';
import { AskModelHandler } from '../src/upstreams/ask-model.handler.ts';
import { HttpUpstream } from '../src/upstreams/upstream.client.ts';
import { Upstream, type UpstreamAnswer } from '../src/upstreams/upstream.ts';
import { singleRoute, type UpstreamRoutes } from '../src/upstreams/upstream-routes.ts';
import { endpoints } from '../src/endpoints/endpoints.ts';
import { OpenAiErrors } from '../src/openai/openai-errors.handler.ts';
import { PriceList, type PublishedPrice } from '../src/prices/price-list.ts';

/** Threads that count as in production, unless a test says otherwise. */
export class TestCounts extends TokenCounts {
  instead: (() => Promise<readonly number[]>) | undefined = undefined;
  readonly threads = new ThreadTokenCounts(30_000);

  count(...asked: Parameters<TokenCounts['count']>): Promise<readonly number[]> {
    return this.instead?.() ?? this.threads.count(...asked);
  }
}

/** The start and the end of calls, as they were told. */
export class FakeJournal extends CallJournal {
  isTrusted = true;
  readonly starts: EventOf<typeof CallStarted>[] = [];
  readonly ends: EventOf<typeof CallFinished>[] = [];
  onStarted: () => Promise<void> = () => Promise.resolve();
  onFinished: () => Promise<void> = () => Promise.resolve();

  async started(event: EventOf<typeof CallStarted>): Promise<void> {
    this.starts.push(event);
    await this.onStarted();
  }

  async finished(event: EventOf<typeof CallFinished>): Promise<void> {
    this.ends.push(event);
    await this.onFinished();
  }
}

const short = (available: string): HoldAnswer => ({
  ...{ isPlaced: false, code: 'insufficient-funds', available, affordable: available },
});

/** A wallet that answers holds as the ledger does. */
export class FakeHolds extends Holds {
  available = '50';
  readonly placed: HoldRequest[] = [];
  readonly refused: HoldRequest[] = [];
  readonly released: string[] = [];
  readonly extended: ExtensionRequest[] = [];
  onExtend: () => Promise<void> = () => Promise.resolve();
  onPlace: () => Promise<void> = () => Promise.resolve();

  async place(request: HoldRequest): Promise<HoldAnswer> {
    await this.onPlace();
    const isPlaced = Number(request.amount) <= Number(this.available);
    (isPlaced ? this.placed : this.refused).push(request);
    return isPlaced ? { isPlaced } : short(this.available);
  }

  /** What was held before stays held, so an extension takes from what is available. */
  async extend(request: ExtensionRequest): Promise<HoldAnswer> {
    await this.onExtend();
    const held = [...this.placed.map(({ amount }) => amount), ...this.extended.map(({ by }) => by)];
    const available = held.reduce((left, amount) => left - Number(amount), Number(this.available));
    if (Number(request.by) > available) return short(String(available));
    this.extended.push(request);
    return { isPlaced: true };
  }

  release({ holdId }: Pick<HoldRequest, 'holdId'>): void {
    this.released.push(holdId);
  }
}

/** A price list with one rate card. */
export class FakePrices extends PriceList {
  readonly prices = new Map<string, PublishedPrice>();

  priceAt(_card: string, model: string): Promise<PublishedPrice | undefined> {
    return Promise.resolve(this.prices.get(model));
  }

  pricesAt(): Promise<readonly PublishedPrice[]> {
    return Promise.resolve([...this.prices.values()]);
  }
}

export class SystemClock extends Clock {
  now(): string {
    return `${new Date().toISOString().slice(0, -1)}000Z`;
  }
}

export const price = (model: string, rates: PublishedPrice['rates']): PublishedPrice => ({
  id: `prv_${model}`,
  rateCardId: 'standard',
  model,
  currency: 'CNY',
  effectiveFrom: '2026-01-01T00:00:00Z',
  rates,
  fallback: {
    cached_input: 'input',
    cache_write: 'input',
    cache_write_1h: 'input',
    cache_write_12h: 'input',
  },
  unitPrices: {},
  tiers: [],
  windows: [],
  limits: { contextTokens: 272_000, outputTokens: 128_000 },
});

/** What Nest tells a filter of a request. */
const hostOf = (request: FastifyRequest, reply: FastifyReply): ArgumentsHost =>
  ({
    getType: () => 'http',
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }),
  }) as unknown as ArgumentsHost;

/** One request as the provider got it. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Resolves when the gateway has closed the connection before the answer was whole. */
  readonly aborted: Promise<void>;
}
/** Providers over HTTP; how long they may be silent is what a test says. */
class PatientUpstream extends Upstream {
  isPatient = true;
  private readonly patient = new HttpUpstream({ headersTimeoutMs: 30_000, bodyTimeoutMs: 30_000 });
  private readonly impatient = new HttpUpstream({ headersTimeoutMs: 1_000, bodyTimeoutMs: 1_000 });

  ask(...asked: Parameters<Upstream['ask']>): Promise<UpstreamAnswer> {
    return (this.isPatient ? this.patient : this.impatient).ask(...asked);
  }

  async close(): Promise<void> {
    await Promise.all([this.patient, this.impatient].map((one) => one.onApplicationShutdown()));
  }
}

export type UpstreamScript = (response: ServerResponse, request: UpstreamRequest) => void | Promise<void>;

class TestTimes extends CallTimes {
  override keepAliveMs = 15_000;
}

/** A gateway with fakes at its ports, and a provider that does what a test says. */
export class RelayHarness {
  readonly journal = new FakeJournal();
  readonly holds = new FakeHolds();
  readonly prices = new FakePrices();
  readonly counts = new TestCounts();
  /** Nobody asks it for keys without limits. */
  readonly limits = {};
  readonly times = new TestTimes(60_000, 90_000);
  readonly waiver: { isOn: boolean } & UpstreamErrorWaiver = new UpstreamErrorWaiver(false);
  readonly upstreamRequests: UpstreamRequest[] = [];
  script: UpstreamScript = answersWhole(completion());
  baseUrl = '';
  private upstreamServer: Server | undefined;
  callsAtOnceMax = 1_000;
  /** Clients that the gateway knows to have left before they had everything. */
  clientsGone = 0;
  /** Nobody asks it for calls without a name. */
  readonly once = {};
  routes: UpstreamRoutes | undefined;
  readonly upstream = new PatientUpstream();
  private controller: RelayController | undefined;
  private gateway: FastifyInstance | undefined;

  async start(): Promise<void> {
    this.counts.threads.onApplicationBootstrap();
    for (const [model, input, output] of models)
      this.prices.prices.set(model, price(model, { input, output }));
    const url = await this.startUpstream();
    this.routes = singleRoute(`${url}/v1`, 'sk-upstream-secret-0123456789');
    this.reset();
    this.gateway = Fastify();
    this.gateway.addHook('onRequest', (_request, reply, done) => {
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) this.clientsGone += 1;
      });
      done();
    });
    const errors = new OpenAiErrors();
    this.gateway.setErrorHandler((error, request, reply) => errors.catch(error, hostOf(request, reply)));
    for (const endpoint of endpoints) {
      const { path } = endpoint;
      this.gateway.post(`/v1${path}`, (request, reply) => this.controller?.relay(endpoint, request, reply));
    }
    this.baseUrl = `${await this.gateway.listen({ port: 0, host: '127.0.0.1' })}/v1`;
  }

  async stop(): Promise<void> {
    await this.gateway?.close();
    await this.counts.threads.onApplicationShutdown();
    await this.upstream.close();
    this.upstreamServer?.closeAllConnections();
    await new Promise((resolve) => this.upstreamServer?.close(resolve));
  }

  /** Forgets what was, and lets everything go well again. */
  reset(): void {
    if (this.routes) this.controller = this.controllerOf(this.routes);
    this.script = answersWhole(completion());
    for (const list of [this.upstreamRequests, this.journal.starts, this.journal.ends]) list.length = 0;
    for (const list of [this.holds.placed, this.holds.refused, this.holds.released]) list.length = 0;
    this.holds.extended.length = 0;
    this.holds.onExtend = () => Promise.resolve();
    this.holds.available = '50';
    this.holds.onPlace = () => Promise.resolve();
    this.counts.instead = undefined;
    this.waiver.isOn = false;
    this.upstream.isPatient = true;
    this.clientsGone = 0;
    this.times.keepAliveMs = 15_000;
    this.journal.isTrusted = true;
    this.journal.onStarted = () => Promise.resolve();
    this.journal.onFinished = () => Promise.resolve();
  }

  private controllerOf(routes: UpstreamRoutes): RelayController {
    const clock = new SystemClock();
    const { times } = this;
    const slices = new HoldSlices(64, /^gpt-4\.1/);
    const finish = new FinishCallHandler(this.journal, clock);
    const ends = new EndCallHandler(this.counts, this.waiver);
    const relay = new RelayCallHandler(
      new AdmitCallHandler(this.prices, this.holds, clock, times, this.counts, slices),
      times,
      new StartCallHandler(this.journal, this.holds),
      new AskModelHandler(routes, this.upstream),
      ends,
      finish,
      new StreamAnswerHandler(ends, finish, new ExtendHoldHandler(this.holds, this.counts, slices)),
      new BodyAnswerHandler(ends, finish, new AnswerBuffers(1_000_000_000)),
    );
    const access = { handle: () => Promise.resolve(caller) } as unknown as AuthenticateKeyHandler;
    const limits = new LimitCallHandler(this.limits as unknown as KeyLimitsStore);
    return new RelayController(
      access,
      limits,
      relay,
      new CallsAtOnce(this.callsAtOnceMax),
      this.once as unknown as AnswerOnceHandler,
    );
  }

  private async startUpstream(): Promise<string> {
    this.upstreamServer = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const aborted = new Promise<void>((resolve) => {
          response.once('close', () => {
            if (!response.writableFinished) resolve();
          });
        });
        const one = {
          path: request.url ?? '',
          headers: request.headers,
          text,
          body: JSON.parse(text) as Record<string, unknown>,
          aborted,
        };
        this.upstreamRequests.push(one);
        void this.script(response, one);
      });
    });
    await new Promise<void>((resolve) => this.upstreamServer?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.upstreamServer.address() as AddressInfo).port)}`;
  }
}

const models = [
  ['gpt-5.5', '2.5', '15'],
  ['gpt-4', '231', '426'],
  ['gpt-4.1', '2', '8'],
  ['claude-opus-4-6', '36', '180'],
] as const;

const caller = {
  customerId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
  keyId: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8',
  displayPrefix: 'sk-4fG7',
  currency: 'CNY',
  plan: { code: 'usd-credit', unit: 'credit' as const, creditsPer: { credits: '1', amount: '7.14' } },
  rateCardId: 'standard',
  timeZone: 'Asia/Shanghai',
  policy: unlimited,
  customerBudgets: noBudgets,
};

export const usageOf = (prompt: number, completionTokens: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completionTokens,
  total_tokens: prompt + completionTokens,
});

/** A whole completion, as OpenAI answers it. */
export const completion = (changes: Readonly<Record<string, unknown>> = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_795_334_460,
  model: 'gpt-5.5',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Hello.', refusal: null }, finish_reason: 'stop' },
  ],
  usage: usageOf(3_000, 800),
  ...changes,
});

/** One chunk of a stream. */
export const chunk = (delta: object, finishReason: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_795_334_460,
  model: 'gpt-5.5',
  choices: [{ index: 0, delta, finish_reason: finishReason }],
});

/** The chunk that carries usage only. */
export const usageChunk = (usage: unknown) => ({ ...chunk({}), choices: [], usage });

export const frame = (data: unknown): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

/** The provider answers with a body. */
export const answersWhole =
  (body: unknown, status = 200): UpstreamScript =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** The provider answers with a stream of frames and ends it. */
export const streams =
  (...frames: readonly string[]): UpstreamScript =>
  async (response) => {
    await writes(response, frames);
    response.end();
  };

/** Writes frames apart, so that each is a read of its own. */
export async function writes(response: ServerResponse, frames: readonly (string | Buffer)[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const one of frames) {
    if (response.destroyed) return;
    response.write(one);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Whether it comes within a second, which is fifty turns of this process: they last longer where the machine stands still. */
export function comesWithinASecond(work: Promise<unknown> = new Promise(() => undefined)): Promise<boolean> {
  const turns = async () => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  };
  return Promise.race([work.then(() => true), turns()]);
}

/** The whole stream of an ordinary answer. */
export const ordinaryStream = (usage: unknown = usageOf(3_000, 800)): string[] => [
  frame(chunk({ role: 'assistant', content: '' })),
  frame(chunk({ content: 'Hel' })),
  frame(chunk({ content: 'lo 世界.' })),
  frame(chunk({}, 'stop')),
  frame(usageChunk(usage)),
  frame('[DONE]'),
];
