import type { MeteringApi } from '@app/contracts';
import { inputKinds, outputKinds } from '@app/rating';
import { z } from 'zod';
import { numbers, orNull, sumOf } from './figures.ts';
import { bucketPage } from './usage-view.ts';

const group = {
  model: z.string().nullable(),
  api_key_id: z.string().nullable(),
  project_id: z.null(),
  user_id: z.null(),
};
const requests = { num_model_requests: z.int(), ...group };

const Completions = z.object({
  object: z.literal('organization.usage.completions.result'),
  ...requests,
  batch: z.null(),
  service_tier: z.null(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  input_uncached_tokens: z.int(),
  input_cached_tokens: z.int(),
  input_cache_write_tokens: z.int(),
  input_cache_write_30m_tokens: z.int(),
  input_cache_write_12h_tokens: z.int(),
  input_text_tokens: z.int(),
  input_audio_tokens: z.int(),
  input_image_tokens: z.int(),
  input_cached_text_tokens: z.int(),
  input_cached_audio_tokens: z.int(),
  input_cached_image_tokens: z.int(),
  output_text_tokens: z.int(),
  output_audio_tokens: z.int(),
  output_image_tokens: z.int(),
});
const Embeddings = z.object({
  object: z.literal('organization.usage.embeddings.result'),
  ...requests,
  input_tokens: z.int(),
});
const Images = z.object({
  object: z.literal('organization.usage.images.result'),
  ...requests,
  images: z.int(),
  size: z.null(),
  source: z.null(),
});
const Costs = z.object({
  object: z.literal('organization.costs.result'),
  amount: z.object({
    value: z
      .number()
      .describe('For display: a number cannot hold every amount. GET /v1/usage has it exactly.'),
    currency: z.string(),
  }),
  line_item: z.string().nullable().describe('The model.'),
  api_key_id: z.string().nullable(),
  project_id: z.null(),
  quantity: z.null(),
  quantity_unit: z.null(),
});

export const CompletionsPage = bucketPage(Completions);
export const EmbeddingsPage = bucketPage(Embeddings);
export const ImagesPage = bucketPage(Images);
export const CostsPage = bucketPage(Costs);

type Result = MeteringApi.UsageResult;

const groupOf = ({ group: { model = '', api_key: keyId = '' } }: Result) => ({
  model: orNull(model),
  api_key_id: orNull(keyId),
  project_id: null,
  user_id: null,
});

const requestsOf = (result: Result) => ({ num_model_requests: Number(result.requests), ...groupOf(result) });

/** Usage under the names of OpenAI's completions usage. Its parts by cache and its parts by medium each add up to the whole. */
export function completionsOf(result: Result): z.infer<typeof Completions> {
  const tokens = numbers(result.tokens);
  const of = (...kinds: readonly string[]) => sumOf(tokens, kinds);
  return {
    object: 'organization.usage.completions.result',
    ...requestsOf(result),
    batch: null,
    service_tier: null,
    input_tokens: of(...inputKinds),
    output_tokens: of(...outputKinds),
    input_uncached_tokens: of('input', 'input_audio', 'input_image'),
    input_cached_tokens: of('cached_input', 'cached_input_audio', 'cached_input_image'),
    input_cache_write_tokens: of('cache_write', 'cache_write_1h', 'cache_write_12h'),
    input_cache_write_30m_tokens: of('cache_write'),
    input_cache_write_12h_tokens: of('cache_write_12h'),
    input_text_tokens: of('input', 'cached_input', 'cache_write', 'cache_write_1h', 'cache_write_12h'),
    input_audio_tokens: of('input_audio', 'cached_input_audio'),
    input_image_tokens: of('input_image', 'cached_input_image'),
    input_cached_text_tokens: of('cached_input'),
    input_cached_audio_tokens: of('cached_input_audio'),
    input_cached_image_tokens: of('cached_input_image'),
    output_text_tokens: of('output'),
    output_audio_tokens: of('output_audio'),
    output_image_tokens: of('output_image'),
  };
}

/** Usage under the names of OpenAI's embeddings usage. */
export const embeddingsOf = (result: Result): z.infer<typeof Embeddings> => ({
  object: 'organization.usage.embeddings.result',
  ...requestsOf(result),
  input_tokens: sumOf(numbers(result.tokens), inputKinds),
});

/** Usage under the names of OpenAI's images usage. */
export const imagesOf = (result: Result): z.infer<typeof Images> => ({
  object: 'organization.usage.images.result',
  ...requestsOf(result),
  images: sumOf(numbers(result.units), ['image']),
  size: null,
  source: null,
});

/** A cost under OpenAI's names, in the wallet's currency. */
export function costOf(result: Result, currency: string): z.infer<typeof Costs> {
  const { model, api_key_id: keyId } = groupOf(result);
  return {
    object: 'organization.costs.result',
    amount: { value: Number(result.charge), currency: currency.toLowerCase() },
    line_item: model,
    api_key_id: keyId,
    project_id: null,
    quantity: null,
    quantity_unit: null,
  };
}
