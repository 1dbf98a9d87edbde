import { z } from 'zod';
import { batchItemsMax, type ItemResult } from './record-usage.handler.ts';
import { reportEndpoint } from './usage-report.ts';

/** The CloudEvents type of a report. */
export const reportType = 'haoli.UsageReported.v1';

/**
 * A batch of CloudEvents in JSON: `id`, `source`, `subject` (the customer), `time` (when the call was made) and `data`
 * {model, tokens, units, keyId, endpoint}, or `rawUsage` (a provider's usage body) with `usageFamily` instead of tokens. Items are read one by one, so that a bad one does not refuse the others.
 */
export const UsageBatch = z
  .array(z.unknown())
  .min(1)
  .max(batchItemsMax)
  .meta({
    example: [
      {
        specversion: '1.0',
        type: reportType,
        id: 'job-1/line-17',
        source: 'batch-translator',
        subject: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
        time: '2026-11-22T08:01:59.5Z',
        data: { model: 'gpt-5.5', tokens: { input: 374, output: 44 } },
      },
    ],
  });
export type UsageBatch = z.infer<typeof UsageBatch>;

const ItemAnswer = z.object({
  index: z.int(),
  id: z.string(),
  outcome: z.enum(['recorded', 'duplicate', 'refused']),
  callId: z.string().optional(),
  code: z.string().optional(),
  field: z.string().optional().describe('The attribute of the CloudEvent, such as data.tokens.input.'),
  reason: z.string().optional(),
});

/** What became of each item, in the order of the batch. */
export const UsageBatchAnswer = z.object({
  recorded: z.int(),
  duplicates: z.int(),
  refused: z.int(),
  items: z.array(ItemAnswer),
});
export type UsageBatchAnswer = z.infer<typeof UsageBatchAnswer>;

const envelopeFields = ['id', 'source', 'customerId', 'occurredAt'] as const;

/** The report in a CloudEvent, as yet unchecked. What is no object at all comes back as it is and is refused later. */
export function reportOfCloudEvent(item: unknown): unknown {
  if (!isObject(item) || !isObject(item['data'])) return item;
  const { specversion, type, id, source, subject, time, data } = item;
  return {
    // An attribute that does not fit is handed on, to be refused by its name.
    ...(specversion === '1.0' ? {} : { specversion: specversion ?? null }),
    ...(type === reportType ? {} : { type: type ?? null }),
    ...{ id, source, customerId: subject, occurredAt: time },
    ...{ keyId: null, endpoint: reportEndpoint, tokens: {}, units: {}, ...data },
    ...(isObject(data['rawUsage']) ? { rawUsage: JSON.stringify(data['rawUsage']) } : {}),
    // Whose call it is stands in the envelope alone: data that says it too is handed on whole, to be refused.
    ...(envelopeFields.some((field) => field in data) ? { data } : {}),
  };
}

/** The answer to a batch, with fields in the words of CloudEvents. */
export function answerOf(items: UsageBatch, results: readonly ItemResult[]): UsageBatchAnswer {
  const count = (outcome: ItemResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    recorded: count('recorded'),
    duplicates: count('duplicate'),
    refused: count('refused'),
    items: results.map((result, index) => ({ index, id: idOf(items[index]), ...outcomeOf(result) })),
  };
}

function outcomeOf(result: ItemResult) {
  if (result.outcome !== 'refused') return { outcome: result.outcome, callId: result.callId };
  const { code, field, reason } = result.problem;
  return { outcome: result.outcome, code, field: attributeOf(field), reason };
}

const attributes: Readonly<Record<string, string>> = {
  id: 'id',
  source: 'source',
  type: 'type',
  specversion: 'specversion',
  customerId: 'subject',
  occurredAt: 'time',
  data: 'data',
  '': '',
};

const attributeOf = (field: string): string => attributes[field] ?? `data.${field}`;

const idOf = (item: unknown): string => (isObject(item) && typeof item['id'] === 'string' ? item['id'] : '');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
