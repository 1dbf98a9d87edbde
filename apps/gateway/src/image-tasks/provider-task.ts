import { type Fields, isFields, textIn } from '../endpoints/endpoint.ts';

/** What a provider said to an order. */
export type Submission =
  | { readonly isTaken: true; readonly providerId: string }
  | { readonly isTaken: false; readonly isModerated: boolean };

/** 1: submitted; 21: the same exists already; 22: in a queue. */
const taken: ReadonlySet<unknown> = new Set([1, 21, 22]);
const bannedPrompt = 24;

/** Reads the answer to an order. */
export function submissionOf({ code, result }: Fields): Submission {
  const providerId = typeof result === 'number' ? String(result) : textIn(result);
  return taken.has(code) && providerId !== ''
    ? { isTaken: true, providerId }
    : { isTaken: false, isModerated: code === bannedPrompt };
}

/** A task as its provider tells of it. */
export type ProviderTask =
  | { readonly providerId: string; readonly status: 'succeeded'; readonly imageUrl: string }
  | { readonly providerId: string; readonly status: 'failed' | 'in_progress' };

const ended: ReadonlySet<unknown> = new Set(['FAILURE', 'CANCEL']);

/** Reads a list of tasks. A success without a picture is a failure: nothing was delivered. */
export function tasksOf(list: unknown): readonly ProviderTask[] {
  return (Array.isArray(list) ? list : []).filter(isFields).map(({ id, status, imageUrl }) => {
    const providerId = typeof id === 'number' ? String(id) : textIn(id);
    const url = textIn(imageUrl);
    if (status === 'SUCCESS' && url !== '') return { providerId, status: 'succeeded', imageUrl: url };
    return { providerId, status: ended.has(status) || status === 'SUCCESS' ? 'failed' : 'in_progress' };
  });
}
