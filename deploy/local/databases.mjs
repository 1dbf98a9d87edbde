// One database per service, with an owner role that migrates and an app role that only reads and writes rows:
// which rows of which table is said by the migrations themselves.
import { serviceNames } from './secrets.mjs';
import { query } from './postgres.mjs';

/**
 * Makes the databases and roles that are missing, sets the passwords, and gives each service its two URLs.
 * A `prefix` keeps test runs on one server apart.
 */
export async function makeDatabases({ serverUrl, passwords, prefix = '' }) {
  const urls = {};
  for (const service of serviceNames) {
    urls[service] = await makeDatabase({ serverUrl, passwords, service, prefix });
  }
  return urls;
}

async function makeDatabase({ serverUrl, passwords, service, prefix }) {
  const database = `${prefix}${service}`;
  const owner = `${prefix}${service}_owner`;
  const app = `${prefix}${service}_app`;
  const admin = (sql) => query(serverUrl, 'postgres', sql);
  const passwordOf = (role) => passwords[role.slice(prefix.length)];
  for (const role of [owner, app]) await makeRole(admin, role, passwordOf(role));
  const [known] = await admin(`SELECT 1 FROM pg_database WHERE datname = '${database}'`);
  if (known === undefined)
    await admin(`CREATE DATABASE "${database}" OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`);
  await query(
    serverUrl,
    database,
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;
     GRANT CONNECT ON DATABASE "${database}" TO ${app};
     ALTER SCHEMA public OWNER TO ${owner};
     REVOKE ALL ON SCHEMA public FROM PUBLIC;
     GRANT USAGE ON SCHEMA public TO ${app};`,
  );
  const url = (role) => {
    const address = new URL(`${serverUrl}/${database}`);
    address.username = role;
    address.password = passwordOf(role);
    return address.href;
  };
  return { app: url(app), owner: url(owner) };
}

async function makeRole(admin, role, password) {
  const [known] = await admin(`SELECT 1 FROM pg_roles WHERE rolname = '${role}'`);
  const verb = known === undefined ? 'CREATE' : 'ALTER';
  // Passwords are base64url text of our own making: no quote can be in them.
  await admin(
    `${verb} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '${password}'`,
  );
}
