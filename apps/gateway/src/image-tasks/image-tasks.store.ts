import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A picture that was ordered. */
export interface ImageTask {
  readonly taskId: string;
  readonly callId: string;
  readonly model: string;
  readonly status: 'in_progress' | 'succeeded' | 'failed';
  readonly imageUrl: string | null;
  /** Why there is none, for the customer. */
  readonly failure: string | null;
  /**
   * What it cost, as decimal text; null while that is open: under way, in quarantine because it could not be priced, or its
   * gateway was lost. Then its call's line says it.
   */
  readonly cost: string | null;
  readonly currency: string;
  readonly priceVersionId: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

/** A task to be recorded. */
export type TaskDraft = Pick<ImageTask, 'taskId' | 'callId' | 'model' | 'currency' | 'priceVersionId'> & {
  readonly customerId: string;
};

/** How a task ended. */
export type TaskEnd =
  | { readonly status: 'succeeded'; readonly imageUrl: string; readonly cost: string | null }
  | { readonly status: 'failed'; readonly failure: string };

const columns = `task_id AS "taskId", call_id AS "callId", model, status, image_url AS "imageUrl", failure, cost, currency,
                 price_version_id AS "priceVersionId", created_at AS "createdAt", ended_at AS "endedAt"`;
const aliveSeconds = 60;

/** The rows of picture tasks. A task belongs to the gateway that ordered it, as its hold does. */
@Injectable()
export class ImageTasksStore {
  constructor(private readonly database: Database) {}

  /** Records a task that its provider has taken. */
  async insert(draft: TaskDraft): Promise<ImageTask> {
    const { taskId, customerId, callId, model, currency, priceVersionId } = draft;
    const [task] = await this.database.query<ImageTask>(
      `INSERT INTO image_task (task_id, customer_id, call_id, model, status, currency, price_version_id, alive_until)
       VALUES ($1, $2, $3, $4, 'in_progress', $5, $6, clock_timestamp() + make_interval(secs => $7)) RETURNING ${columns}`,
      [taskId, customerId, callId, model, currency, priceVersionId, aliveSeconds],
    );
    if (task === undefined) throw new TypeError('a task was not recorded');
    return task;
  }

  /** A customer's task; undefined where it has none of that id. */
  async find(customerId: string, taskId: string): Promise<ImageTask | undefined> {
    const [task] = await this.database.query<ImageTask>(
      `SELECT ${columns} FROM image_task WHERE customer_id = $1 AND task_id = $2`,
      [customerId, taskId],
    );
    return task;
  }

  /** Ends a task; a task ends once. Where it was given up meanwhile, its own gateway knows better: so its call ended. */
  async end(taskId: string, end: TaskEnd): Promise<void> {
    const succeeded = end.status === 'succeeded';
    await this.database.query(
      `UPDATE image_task SET status = $2, image_url = $3, cost = $4, failure = $5, ended_at = clock_timestamp()
        WHERE task_id = $1 AND (status = 'in_progress' OR failure = 'abandoned')`,
      [
        taskId,
        end.status,
        succeeded ? end.imageUrl : null,
        succeeded ? end.cost : '0',
        succeeded ? null : end.failure,
      ],
    );
  }

  /**
   * Says that these tasks are still watched, and ends those of gateways that are gone: metering closes their calls uncharged.
   * Gives those of them that were given up before this was said: their customers were told that they failed.
   */
  async stayAlive(taskIds: readonly string[]): Promise<ReadonlySet<string>> {
    const alive = await this.database.query<{ readonly id: string }>(
      `UPDATE image_task SET alive_until = clock_timestamp() + make_interval(secs => $2)
        WHERE task_id = ANY ($1::text[]) AND status = 'in_progress' RETURNING task_id AS id`,
      [taskIds, aliveSeconds],
    );
    await this.database.query(
      `UPDATE image_task SET status = 'failed', failure = 'abandoned', ended_at = clock_timestamp()
        WHERE status = 'in_progress' AND alive_until < clock_timestamp()`,
    );
    const aliveIds = new Set(alive.map(({ id }) => id));
    return new Set(taskIds.filter((id) => !aliveIds.has(id)));
  }
}
