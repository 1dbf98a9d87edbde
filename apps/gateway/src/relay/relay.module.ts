import type { Provider } from '@nestjs/common';
import type { GatewaySettings } from '../gateway-settings.ts';
import { AdmitCallHandler, CallTimes } from './admit-call.handler.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { BodyAnswerHandler } from './body-answer.handler.ts';
import { CallEventTimeout, KafkaCallJournal } from './call-journal.client.ts';
import { AnswerOnceHandler } from './answer-once.handler.ts';
import { ForgetRepeatedJob } from './forget-repeated.job.ts';
import { RepeatedCallsStore } from './repeated-calls.store.ts';
import { CallsAtOnce } from './calls-at-once.ts';
import { CallJournal } from './call-journal.ts';
import { CallSpool } from './call-spool.client.ts';
import { CutRevokedJob } from './cut-revoked.job.ts';
import { EndCallHandler, UpstreamErrorWaiver } from './end-call.handler.ts';
import { ExtendHoldHandler } from './extend-hold.handler.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { HoldSlices } from './hold-amount.ts';
import { LeaseTimes, LedgerHolds } from './holds.client.ts';
import { Holds } from './holds.ts';
import { RelayCallHandler } from './relay-call.handler.ts';
import { StartCallHandler } from './start-call.handler.ts';
import { StreamAnswerHandler } from './stream-answer.handler.ts';
import { ThreadTokenCounts } from './token-counts.client.ts';
import { TokenCounts } from './token-counts.ts';
import { AskModelHandler } from '../upstreams/ask-model.handler.ts';
import { configuredRoutes } from '../upstreams/configured-routes.ts';
import { HttpUpstream } from '../upstreams/upstream.client.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { UpstreamRoutes } from '../upstreams/upstream-routes.ts';

/** The longest that the end of a call waits for its tokens to be counted. */
const countingMsMax = 5_000;

/** What relays calls, wired. */
export const relayProviders = (settings: GatewaySettings): Provider[] => [
  AdmitCallHandler,
  AnswerOnceHandler,
  AskModelHandler,
  BodyAnswerHandler,
  CutRevokedJob,
  EndCallHandler,
  ExtendHoldHandler,
  FinishCallHandler,
  ForgetRepeatedJob,
  RelayCallHandler,
  RepeatedCallsStore,
  StartCallHandler,
  StreamAnswerHandler,
  { provide: AnswerBuffers, useValue: new AnswerBuffers(settings.BUFFERED_ANSWERS_MIB * 1_024 * 1_024) },
  { provide: CallsAtOnce, useValue: new CallsAtOnce(settings.CALLS_AT_ONCE_MAX) },
  { provide: CallTimes, useValue: new CallTimes(settings.CALL_DEADLINE_MS, settings.HOLD_EXPIRY_MS) },
  { provide: CallEventTimeout, useValue: new CallEventTimeout(settings.CALL_EVENT_TIMEOUT_MS) },
  { provide: CallSpool, useValue: new CallSpool(settings.CALL_SPOOL_DIR) },
  { provide: CallJournal, useClass: KafkaCallJournal },
  { provide: LeaseTimes, useValue: new LeaseTimes(settings.LEASE_RENEWAL_MS) },
  { provide: Holds, useClass: LedgerHolds },
  {
    provide: HoldSlices,
    useValue: new HoldSlices(settings.HOLD_SLICE_TOKENS, new RegExp(settings.HOLD_SLICE_MODELS)),
  },
  { provide: TokenCounts, useFactory: () => new ThreadTokenCounts(countingMsMax) },
  {
    provide: UpstreamErrorWaiver,
    useValue: new UpstreamErrorWaiver(settings.WAIVE_ON_UPSTREAM_ERROR),
  },
  { provide: UpstreamRoutes, useFactory: () => configuredRoutes(settings) },
  {
    provide: Upstream,
    useFactory: () =>
      new HttpUpstream({
        headersTimeoutMs: settings.UPSTREAM_HEADERS_TIMEOUT_MS,
        bodyTimeoutMs: settings.UPSTREAM_BODY_TIMEOUT_MS,
      }),
  },
];
