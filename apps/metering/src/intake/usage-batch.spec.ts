import { describe, expect, it } from '@jest/globals';
import type { ItemResult } from './record-usage.handler.ts';
import { answerOf, reportOfCloudEvent, reportType } from './usage-batch.ts';
import { callIdOf, readReport } from './usage-report.ts';

const nowMs = Date.parse('2026-11-22T08:02:00Z');
const event = {
  ...{ specversion: '1.0', type: reportType, id: 'job-1/line-17', source: 'batch', subject: 'cus_1' },
  ...{ time: '2026-11-22T08:01:59.5Z', data: { model: 'gpt-5.5', tokens: { input: 374, output: 44 } } },
};

const problemOf = (item: unknown) => {
  const read = readReport(reportOfCloudEvent(item), nowMs);
  return 'problem' in read ? read.problem : undefined;
};

describe('reportOfCloudEvent', () => {
  it('reads an event, leaving extension attributes aside', () => {
    expect(readReport(reportOfCloudEvent({ ...event, traceparent: '00-x' }), nowMs)).toMatchObject({
      report: {
        id: 'job-1/line-17',
        customerId: 'cus_1',
        occurredAt: '2026-11-22T08:01:59.5Z',
        endpoint: 'record-usage',
      },
    });
  });

  it.each([
    ['specversion', { ...event, specversion: '0.3' }],
    ['type', { ...event, type: 'other' }],
    ['id', { ...event, id: '' }],
    ['customerId', { ...event, subject: undefined }],
    ['occurredAt', { ...event, time: 'yesterday' }],
    ['model', { ...event, data: { tokens: { input: 1 } } }],
    ['tokens.output', { ...event, data: { model: 'm', tokens: { output: '44' } } }],
    ['units.image', { ...event, data: { model: 'm', units: { image: 1.5 } } }],
    ['color', { ...event, data: { ...event.data, color: 'red' } }],
    ['data', { ...event, data: { ...event.data, customerId: 'cus_2' } }],
    ['data', { ...event, data: { ...event.data, source: 'another' } }],
  ])('names %s where it is wrong', (field, item) => {
    expect(problemOf(item)?.field).toBe(field);
  });
});

describe('answerOf', () => {
  it('answers each item in the words of CloudEvents', () => {
    const results: ItemResult[] = [
      { outcome: 'recorded', callId: 'use_1' },
      { outcome: 'refused', problem: { code: 'invalid', field: 'occurredAt', reason: 'must be a day' } },
      { outcome: 'refused', problem: { code: 'invalid', field: 'tokens.input', reason: 'too small' } },
    ];
    expect(answerOf([event, { id: 'b' }, 7], results)).toEqual({
      recorded: 1,
      duplicates: 0,
      refused: 2,
      items: [
        { index: 0, id: 'job-1/line-17', outcome: 'recorded', callId: 'use_1' },
        { index: 1, id: 'b', outcome: 'refused', code: 'invalid', field: 'time', reason: 'must be a day' },
        {
          index: 2,
          id: '',
          outcome: 'refused',
          code: 'invalid',
          field: 'data.tokens.input',
          reason: 'too small',
        },
      ],
    });
  });
});

describe('callIdOf', () => {
  it('follows from source and id, without mixing them up', () => {
    expect(callIdOf({ source: 'a', id: 'b' })).toMatch(/^use_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(callIdOf({ source: 'a', id: 'b' })).toBe(callIdOf({ source: 'a', id: 'b' }));
    expect(callIdOf({ source: 'ab', id: 'c' })).not.toBe(callIdOf({ source: 'a', id: 'bc' }));
  });
});
