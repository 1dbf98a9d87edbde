import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { badRequest } from '../openai/openai-error.ts';
import { chatUsage, openAiErrorFrame } from './chat-completions.ts';
import { ChatMeter } from './chat-meter.ts';
import type { Endpoint, ModelRequest } from './endpoint.ts';
import { boundOfPrompts, howMany, inputOfPrompts, Prompts } from './prompts.ts';
import { choicesMax, readBody, refuseFields } from './read-body.ts';

const CompletionBody = z.looseObject({
  model: ModelName,
  prompt: Prompts,
  suffix: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(choicesMax).nullish(),
  best_of: z.int().min(1).max(choicesMax).nullish(),
  max_tokens: z.int().min(1).nullish(),
});
type CompletionBody = z.infer<typeof CompletionBody>;

/** All answers of one request: each prompt has `n`, made as the best of `best_of`, which all are charged. */
const answersMax = 128;

function readCompletionRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const asked = readBody(CompletionBody, body);
  refuseFields(asked, { service_tier: (value) => value !== 'auto' && value !== 'default' });
  const choices = howMany(asked.prompt) * Math.max(asked.n ?? 1, asked.best_of ?? 1);
  if (choices > answersMax)
    throw badRequest('prompt', `One request may have ${String(answersMax)} answers at most.`);
  return {
    model: asked.model,
    stream: asked.stream === true,
    wantsUsage: asked.stream_options?.include_usage === true,
    choices,
    outputTokensWanted: asked.max_tokens ?? undefined,
    inputTokensBound: boundOfPrompts(asked.prompt) + Buffer.byteLength(asked.suffix ?? ''),
    inputs: howMany(asked.prompt),
    hasPictures: false,
    pictures: 0,
    body: asked,
  };
}

/** `POST /v1/completions`: text continued, without messages. */
export const textCompletions: Endpoint = {
  code: 'completions',
  path: '/completions',
  family: 'openai-chat',
  read: (body) => ({ ...readCompletionRequest(body), endpoint: textCompletions }),
  providerBody: ({ body, stream }, { outputTokensMax }, model) => {
    const { stream_options: options, ...rest } = body as CompletionBody;
    return JSON.stringify({
      ...rest,
      model,
      ...(outputTokensMax === undefined ? {} : { max_tokens: outputTokensMax }),
      ...(stream ? { stream_options: { ...options, include_usage: true } } : {}),
    });
  },
  meter: (outputTokensMax) => new ChatMeter(outputTokensMax),
  isAnswer: ({ choices }) => Array.isArray(choices),
  inputOf: (body) => {
    const { prompt, suffix } = body as CompletionBody;
    const input = inputOfPrompts(prompt);
    return typeof suffix === 'string' ? { ...input, texts: [...input.texts, suffix] } : input;
  },
  countedUsage: chatUsage,
  errorFrame: openAiErrorFrame,
};
