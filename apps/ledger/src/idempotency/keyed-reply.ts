import { ReplayedProblem, type KeyedAnswer } from './idempotency.handler.ts';

/** The part of Fastify's reply that says that an answer was given before. */
export interface KeyedReply {
  header(name: string, value: string): unknown;
}

/** Answers a keyed request over HTTP; `idempotent-replayed: true` where the answer was given before, refusals too. */
export async function replyKeyed<Answer>(
  reply: KeyedReply,
  answering: Promise<KeyedAnswer<Answer>>,
): Promise<Answer> {
  try {
    const { answer, replayed } = await answering;
    if (replayed) reply.header('idempotent-replayed', 'true');
    return answer;
  } catch (error) {
    if (error instanceof ReplayedProblem) reply.header('idempotent-replayed', 'true');
    throw error;
  }
}
