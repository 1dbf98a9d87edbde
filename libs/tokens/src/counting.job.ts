import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { CountingAnswer, CountingRequest } from './counting-message.ts';
import type { RankFile } from './ranks.ts';
import { type Encoding, TokenCounter } from './token-counter.ts';

// The thread that counts. It reads the ranks of an encoding from the package `tiktoken` when they are first asked for.
const counters = new Map<Encoding, TokenCounter>();

function counterOf(encoding: Encoding): TokenCounter {
  const known = counters.get(encoding);
  if (known) return known;
  const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
  const counter = new TokenCounter(encoding, JSON.parse(readFileSync(path, 'utf8')) as RankFile);
  counters.set(encoding, counter);
  return counter;
}

function answer({ id, encoding, texts }: CountingRequest): CountingAnswer {
  try {
    const counter = counterOf(encoding);
    return { id, counts: texts.map((text) => counter.count(text)) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (request: CountingRequest) => parentPort?.postMessage(answer(request)));
