import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, testServers, topicPrefix } from './servers.ts';

describe('freshDatabase', () => {
  it('gives an empty database of its own to every caller', async () => {
    const [first, second] = await Promise.all([freshDatabase('twin'), freshDatabase('twin')]);
    expect(first).not.toBe(second);
    const client = new pg.Client({ connectionString: first });
    await client.connect();
    const { rows } = await client.query(
      `SELECT count(*)::text AS tables FROM pg_tables WHERE schemaname = 'public'`,
    );
    await client.end();
    expect(rows).toEqual([{ tables: '0' }]);
  });
});

describe('testServers', () => {
  it('names a PostgreSQL of version 18 and a Kafka broker', async () => {
    const { databaseUrl, kafkaBrokers } = testServers();
    const client = new pg.Client({ connectionString: `${databaseUrl}/postgres` });
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    await client.end();
    expect(rows[0]?.server_version).toMatch(/^18\./);
    expect(kafkaBrokers).toMatch(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/);
  });
});

describe('topicPrefix', () => {
  it('is new every time and holds only what a topic name may hold', () => {
    expect(topicPrefix()).not.toBe(topicPrefix());
    expect(topicPrefix()).toMatch(/^[a-z0-9-]+-$/);
  });
});
