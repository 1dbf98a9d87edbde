import type { QueryRunner } from 'typeorm';

/** The setting in which a migration finds the role that the service itself runs as. */
export const appRoleSetting = 'haoli.app_role';

/**
 * Gives the service's own role exactly these rights on a table; called by the migration that creates it.
 * A table for which no migration says anything is opened for SELECT, INSERT, UPDATE and DELETE, so only append-only tables
 * need it: `await grantToApp(runner, 'SELECT, INSERT', 'entry')`.
 */
export async function grantToApp(runner: QueryRunner, rights: string, table: string): Promise<void> {
  const role = await appRoleOf(runner);
  if (role === undefined) return;
  await runner.query(`REVOKE ALL ON ${quoted(table)} FROM ${quoted(role)}`);
  await runner.query(`GRANT ${rights} ON ${quoted(table)} TO ${quoted(role)}`);
}

/** Opens, for the service's own role, every table for which no migration said who may do what. */
export async function grantTheRest(runner: QueryRunner): Promise<void> {
  const role = await appRoleOf(runner);
  if (role === undefined) return;
  await runner.query(`GRANT USAGE ON SCHEMA public TO ${quoted(role)}`);
  const tables = (await runner.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname <> 'migrations'
        AND NOT EXISTS (SELECT 1 FROM aclexplode(c.relacl) acl WHERE acl.grantee = $1::regrole)`,
    [quoted(role)],
  )) as { name: string }[];
  for (const { name } of tables) {
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO ${quoted(role)}`);
  }
  await runner.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${quoted(role)}`);
}

/** The role, or undefined where migrations and service run as the same one. */
async function appRoleOf(runner: QueryRunner): Promise<string | undefined> {
  const [row] = (await runner.query(
    `SELECT NULLIF(NULLIF(current_setting('${appRoleSetting}', true), ''), current_user) AS role`,
  )) as { role: string | null }[];
  return row?.role ?? undefined;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
