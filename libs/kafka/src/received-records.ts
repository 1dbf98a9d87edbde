import { parseEvent } from '@app/contracts';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { ReceivedRecord } from './event-batch.ts';

/** The parts of a broker's message that count. */
export type StoredRecord = Pick<KafkaMessage, 'offset' | 'key' | 'value' | 'headers'>;

/** Reads a broker's message as an event of its topic; what is none keeps its bytes and says why. Never throws. */
export function receivedRecord(topic: string, message: StoredRecord): ReceivedRecord {
  const headers = textHeaders(message.headers ?? {});
  const raw = message.value ?? Buffer.alloc(0);
  const place = { offset: message.offset, key: message.key?.toString('utf8') ?? '', headers, raw };
  const text = utf8(raw);
  if (message.value === null) return { ...place, rejected: 'the record has no value' };
  if (text === undefined) return { ...place, rejected: 'the body is not UTF-8' };
  const event = parseEvent(topic, headers, text);
  return 'rejected' in event ? { ...place, rejected: event.rejected } : { ...place, event };
}

function textHeaders(headers: IHeaders): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) texts[name] = typeof first === 'string' ? first : first.toString('utf8');
  }
  return texts;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function utf8(raw: Buffer): string | undefined {
  try {
    return decoder.decode(raw);
  } catch {
    return undefined;
  }
}
