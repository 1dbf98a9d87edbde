export {
  affordableOutputTokens,
  type Affordable,
  bound,
  type Bounded,
  type InputBound,
  type UsageBound,
} from './bound.ts';
export {
  type Derivation,
  derive,
  exactPrice,
  exactText,
  type ExactPrice,
  type ExchangeRate,
  type OfficialPrice,
  type PricedTerms,
  pricesOf,
  problemsOfDerivation,
  roundedPrice,
  type RoundingMode,
  roundingModes,
} from './derivation.ts';
export { compareInstants } from './instant.ts';
export {
  inputKinds,
  outputKinds,
  textKinds,
  type TokenCounts,
  type TokenKind,
  tokenKinds,
  type UnitCounts,
  type UnitKind,
  unitKinds,
  type Usage,
  type UsageSource,
} from './kinds.ts';
export type { ImpossibleReason, ImpossibleUsage, Normalised, Seen } from './normalise/impossible-usage.ts';
export { latestAnthropicUsage, normaliseAnthropic } from './normalise/anthropic.ts';
export { normaliseBedrock } from './normalise/bedrock.ts';
export { normaliseCohere } from './normalise/cohere.ts';
export { normaliseGoogle } from './normalise/google.ts';
export {
  normaliseDeepSeek,
  normaliseMistral,
  normaliseOpenAiChat,
  normaliseOpenRouter,
  normaliseXai,
} from './normalise/openai-chat.ts';
export { normaliseOpenAiImages } from './normalise/openai-images.ts';
export { normaliseOpenAiResponses } from './normalise/openai-responses.ts';
export {
  normaliseAzure,
  type Normaliser,
  normaliseUsage,
  usageFamilies,
  type UsageFamily,
} from './normalise/usage-family.ts';
export { auditDerivation, type AuditFinding, type CandidateCause, candidatesOf } from './price-audit.ts';
export { type PriceProblem, type PriceProblemCode, problemsOfPrice } from './price-problems.ts';
export {
  type HourWindow,
  type PriceTerms,
  type PriceVersion,
  type Rates,
  type Tier,
  twoRateFallback,
} from './price-version.ts';
export { type Charge, type ChargeLine, rate, type Rated, type RatingRefusal, recompute } from './rate.ts';
export { versionAt } from './version-at.ts';
