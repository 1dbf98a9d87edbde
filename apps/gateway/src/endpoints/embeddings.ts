import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { openAiErrorFrame } from './chat-completions.ts';
import type { AnswerMeter, Endpoint, Fields, ModelRequest, Reading } from './endpoint.ts';
import { boundOfPrompts, howMany, inputOfPrompts, Prompts } from './prompts.ts';
import { readBody } from './read-body.ts';

const EmbeddingBody = z.looseObject({ model: ModelName, input: Prompts });
type EmbeddingBody = z.infer<typeof EmbeddingBody>;

function readEmbeddingRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const asked = readBody(EmbeddingBody, body);
  return {
    model: asked.model,
    stream: false,
    wantsUsage: false,
    choices: 1,
    outputTokensWanted: 0,
    inputTokensBound: boundOfPrompts(asked.input),
    inputs: howMany(asked.input),
    hasPictures: false,
    pictures: 0,
    body: asked,
  };
}

/** Reads an answer that is never streamed: vectors, or pictures. Neither has words. */
export class ListMeter implements AnswerMeter {
  usage: unknown = undefined;
  readonly hasOutput = false;
  hasFinishReason = false;
  pictures = 0;
  readonly textBytes = 0;

  /** `arePictures` where what is delivered is charged by the piece. */
  constructor(private readonly arePictures: boolean) {}

  event(): Reading {
    return 'error';
  }

  whole({ data, usage }: Fields): void {
    const delivered = Array.isArray(data) ? data.filter(isDelivered).length : 0;
    this.usage = usage ?? undefined;
    this.hasFinishReason = delivered > 0;
    if (this.arePictures) this.pictures = delivered;
  }

  texts(): readonly string[] {
    return [];
  }

  closing(): string {
    return '';
  }
}

/** Something is in its place: of an order of four pictures, some may be missing. */
const isDelivered = (item: unknown): boolean =>
  item !== null &&
  typeof item === 'object' &&
  Object.entries(item).some(
    ([field, value]) => (field === 'embedding' || field === 'url' || field === 'b64_json') && Boolean(value),
  );

/** `POST /v1/embeddings`: only what goes in is charged. */
export const embeddings: Endpoint = {
  code: 'embeddings',
  path: '/embeddings',
  family: 'openai-embeddings',
  read: (body) => ({ ...readEmbeddingRequest(body), endpoint: embeddings }),
  providerBody: ({ body }, _limit, model) => JSON.stringify({ ...body, model }),
  meter: () => new ListMeter(false),
  isAnswer: ({ data }) => Array.isArray(data),
  inputOf: (body) => inputOfPrompts((body as EmbeddingBody).input),
  countedUsage: (input) => ({ prompt_tokens: input, total_tokens: input }),
  errorFrame: openAiErrorFrame,
};
