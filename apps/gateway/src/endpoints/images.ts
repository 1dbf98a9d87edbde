import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { openAiErrorFrame } from './chat-completions.ts';
import { ListMeter } from './embeddings.ts';
import type { Endpoint, ModelRequest } from './endpoint.ts';
import { always, readBody, refuseFields } from './read-body.ts';

const picturesMax = 10;
const promptUnitsMax = 32_000;

const ImageBody = z.looseObject({
  model: ModelName,
  prompt: z.string().min(1).max(promptUnitsMax),
  n: z.int().min(1).max(picturesMax).nullish(),
  stream: z.literal(false, { error: 'pictures are not streamed here' }).nullish(),
});
type ImageBody = z.infer<typeof ImageBody>;

function readImageRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const asked = readBody(ImageBody, body);
  refuseFields(asked, { partial_images: always });
  return {
    model: asked.model,
    stream: false,
    wantsUsage: false,
    choices: 1,
    outputTokensWanted: 0,
    inputTokensBound: Buffer.byteLength(asked.prompt),
    inputs: 1,
    hasPictures: false,
    pictures: asked.n ?? 1,
    body: asked,
  };
}

/** `POST /v1/images/generations`: so much for each picture that was delivered, or by tokens where the model counts them. */
export const images: Endpoint = {
  code: 'images-generations',
  path: '/images/generations',
  family: 'openai-images',
  read: (body) => ({ ...readImageRequest(body), endpoint: images }),
  providerBody: ({ body }, _limit, model) => JSON.stringify({ ...body, model }),
  meter: () => new ListMeter(true),
  isAnswer: ({ data }) => Array.isArray(data),
  inputOf: (body) => ({ kind: 'texts', texts: [(body as ImageBody).prompt], tokens: 0 }),
  countedUsage: (input, output) => ({
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
  }),
  errorFrame: openAiErrorFrame,
};
