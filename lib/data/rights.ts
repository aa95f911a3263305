import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './schema.ts'

/**
 * What the portal's own role may do, where another role owns the tables (S36): everything with rows, nothing with tables;
 * and of the audit log, only add to it and read it. Does nothing when it is so already.
 */
export async function grantRights(owner: Kysely<Database>, role: string): Promise<void> {
  if (await hasRights(owner, role)) return
  const name = sql.id(role)
  await owner.transaction().execute(async (trx) => {
    // Processes that start together would change the same rights at once, which the server refuses.
    await sql`lock table audit_events in share update exclusive mode`.execute(trx)
    if (await hasRights(trx, role)) return
    for (const statement of [
      sql`grant usage on schema public to ${name}`,
      sql`grant select, insert, update, delete on all tables in schema public to ${name}`,
      sql`revoke update, delete, truncate on audit_events, audit_chain from ${name}`,
      sql`revoke insert, update, delete on kysely_migration from ${name}`,
    ])
      await statement.execute(trx)
  })
}

async function hasRights(database: Kysely<Database>, role: string): Promise<boolean> {
  const { rows } = await sql<{ holds: boolean }>`
    select coalesce(bool_and(case when relname in ('audit_events', 'audit_chain')
        then has_table_privilege(${role}, oid, 'insert') and not has_table_privilege(${role}, oid, 'update, delete, truncate')
        else has_table_privilege(${role}, oid, 'select') end), false) as holds
    from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(database)
  return rows[0]?.holds ?? false
}
