import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

interface Task {
  readonly id: string;
  readonly prompt: string;
  readonly endsAt: number;
}

const secondsWish = /\bseconds=(\d+)\b/;
const mute = /\bmute\b/;
const usualSeconds = 1;
const tasksMax = 10_000;

/**
 * Pictures that are made in minutes, as proxies of Midjourney make them: ordered, then asked for by id. Words of the prompt say what
 * happens: `banned` and `full` are refused, `broken` fails, `seconds=20` takes so long, `silent` never ends,
 * and an order with `mute` is never answered.
 */
export class PictureTasks {
  private readonly tasks = new Map<string, Task>();

  /** Answers a request below the path of the tasks; false where it is none of theirs. */
  async handleRequest(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    if (request.method !== 'POST') return false;
    if (path === '/submit/imagine') {
      const asked = await fieldsOf(request);
      return mute.test(String(asked['prompt'])) || answer(response, this.order(asked));
    }
    if (path === '/task/list-by-condition') return answer(response, this.list(await fieldsOf(request)));
    return false;
  }

  private order({ prompt }: Readonly<Record<string, unknown>>): object {
    const text = typeof prompt === 'string' ? prompt : '';
    if (/\bbanned\b/.test(text)) return { code: 24, description: 'banned prompt' };
    if (/\bfull\b/.test(text)) return { code: 23, description: 'the queue is full' };
    const [, seconds = String(usualSeconds)] = secondsWish.exec(text) ?? [];
    const task = { id: randomUUID(), prompt: text, endsAt: Date.now() + Number(seconds) * 1_000 };
    this.tasks.set(task.id, task);
    const [oldest] = this.tasks.keys();
    if (this.tasks.size > tasksMax && oldest !== undefined) this.tasks.delete(oldest);
    return { code: 1, description: 'submitted', result: task.id };
  }

  private list({ ids }: Readonly<Record<string, unknown>>): readonly object[] {
    const wanted = Array.isArray(ids) ? ids.map(String) : [];
    return wanted.flatMap((id) => this.tasks.get(id) ?? []).map(told);
  }
}

function told({ id, prompt, endsAt }: Task): object {
  if (Date.now() < endsAt || /\bsilent\b/.test(prompt)) return { id, status: 'IN_PROGRESS', progress: '50%' };
  if (/\bbroken\b/.test(prompt)) return { id, status: 'FAILURE', failReason: 'the model failed' };
  return { id, status: 'SUCCESS', progress: '100%', imageUrl: `https://pictures.example/${id}.png` };
}

async function fieldsOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await json(request).catch(() => undefined);
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}

function answer(response: ServerResponse, body: unknown): true {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
  return true;
}
