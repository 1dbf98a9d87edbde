import { Database } from '@app/persistence';

/** The servers of a run, and the prefix that keeps its databases and topics apart from those of others. */
export interface StageServers {
  /** A superuser's URL without a database name. */
  readonly databaseUrl: string;
  readonly kafkaBrokers: string;
  readonly prefix: string;
}

/** Makes an empty database for each service and gives their URLs. */
export async function madeDatabases({ databaseUrl, prefix }: StageServers) {
  const admin = new Database({ url: `${databaseUrl}/postgres`, applicationName: 'simulation' });
  const made = async (service: string): Promise<string> => {
    const name = `${prefix.replaceAll(/[^a-z0-9]+/gi, '_').toLowerCase()}${service}`;
    await admin.query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8'`);
    return `${databaseUrl}/${name}`;
  };
  const urls = { ledger: await made('ledger'), payments: await made('payments') };
  await admin.close();
  return urls;
}
