import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { kafkaSettings, PortSetting } from './service-settings.ts';
import { InvalidSettings, parseSettings } from './read-settings.ts';

const schema = z.object({ ...kafkaSettings, LEDGER_HTTP_PORT: PortSetting, SECRET: z.string().min(8) });
const good = { KAFKA_BROKERS: 'a:1, b:2', LEDGER_HTTP_PORT: '3002', SECRET: 'long-enough' };

describe('parseSettings', () => {
  it('gives typed values and defaults', () => {
    expect(parseSettings(schema, good)).toMatchObject({
      KAFKA_BROKERS: ['a:1', 'b:2'],
      KAFKA_TOPIC_PREFIX: '',
      LEDGER_HTTP_PORT: 3002,
    });
  });

  it('names every bad setting with its reason and repeats no value', () => {
    const bad = { LEDGER_HTTP_PORT: '99999', SECRET: 'hunter2' };
    const problems = problemsOf(() => parseSettings(schema, bad));
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/^KAFKA_BROKERS: is missing$/m);
    expect(problems.join('\n')).toMatch(/^LEDGER_HTTP_PORT: Too big/m);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  it('takes an empty value as absent', () => {
    expect(problemsOf(() => parseSettings(schema, { ...good, KAFKA_BROKERS: '' }))).toEqual([
      'KAFKA_BROKERS: is missing',
    ]);
  });
});

describe('readSettings', () => {
  it('exits 78 and says why', () => {
    const ran = spawnSync(
      process.execPath,
      [
        '--experimental-transform-types',
        '--input-type=module-typescript',
        '--eval',
        `import { z } from 'zod';
         import { readSettings } from '${new URL('./read-settings.ts', import.meta.url).href}';
         readSettings(z.object({ OIDC_ISSUER: z.string() }));`,
      ],
      { env: { PATH: '/usr/bin' }, encoding: 'utf8', cwd: process.cwd() },
    );
    expect(ran.stderr).toContain('OIDC_ISSUER: is missing');
    expect(ran.status).toBe(78);
  });
});

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidSettings) return error.problems;
    throw error;
  }
  return [];
}
