import { chatCompletions } from './chat-completions.ts';
import { embeddings } from './embeddings.ts';
import type { Endpoint } from './endpoint.ts';
import { imageTasks } from './image-tasks.ts';
import { images } from './images.ts';
import { messages } from './messages.ts';
import { responses } from './responses.ts';
import { textCompletions } from './text-completions.ts';

/** Every way to ask a model. */
export const endpoints: readonly Endpoint[] = [
  chatCompletions,
  textCompletions,
  responses,
  embeddings,
  images,
  imageTasks,
  messages,
];
