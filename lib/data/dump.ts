import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './schema.ts'

/**
 * All rows of all tables as lines of JSON that the database itself writes and reads: nothing is lost on the way through
 * JavaScript, and both engines take each other's lines.
 */

/** What is worth nothing elsewhere: sessions, running limits and errands, who is at work, and what the engine and the migrations keep for themselves. */
const LEFT_OUT = [
  'staff_sessions',
  'rate_limits',
  'errands',
  'workers',
  'durability_check',
  'kysely_migration',
  'kysely_migration_lock',
]

export type DumpedTable = { name: string; columns: string[] }

/** The tables of a backup, each after those it refers to. */
export async function listDumpedTables(trx: Kysely<Database>): Promise<DumpedTable[]> {
  const { rows } = await sql<DumpedTable>`
    select t.table_name as name, array_agg(c.column_name::text order by c.ordinal_position) as columns
    from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
    where t.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
      and t.table_name <> all(${LEFT_OUT}::text[])
    group by t.table_name order by t.table_name`.execute(trx)
  const { rows: references } = await sql<{ child: string; parent: string }>`
    select child.relname as child, parent.relname as parent from pg_constraint k
      join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
    where k.contype = 'f' and k.conrelid <> k.confrelid`.execute(trx)
  return inOrder(rows, references)
}

function inOrder(tables: DumpedTable[], references: { child: string; parent: string }[]): DumpedTable[] {
  const left = new Set(tables)
  const ordered: DumpedTable[] = []
  while (left.size > 0) {
    const waiting = new Set([...left].map(({ name }) => name))
    const free = [...left].filter(
      ({ name }) => !references.some(({ child, parent }) => child === name && waiting.has(parent)),
    )
    if (free.length === 0) throw new Error('tables refer to each other in a circle')
    ordered.push(...free)
    for (const table of free) left.delete(table)
  }
  return ordered
}

const ROWS_AT_ONCE = 500

/** Reads a table through a cursor: whatever its size, a few rows are in memory. Only inside a transaction. */
export async function* dumpTable(trx: Kysely<Database>, { name }: DumpedTable): AsyncGenerator<string[]> {
  await sql`declare dump no scroll cursor for select row_to_json(t)::text as line from ${sql.table(name)} t`.execute(
    trx,
  )
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(ROWS_AT_ONCE)} from dump`.execute(trx)
    if (rows.length === 0) break
    yield rows.map(({ line }) => line)
  }
  await sql`close dump`.execute(trx)
}

/** Puts lines back into their table. Columns that it has got since keep their defaults. Answers how many rows. */
export async function loadLines(
  trx: Kysely<Database>,
  { name, columns }: DumpedTable,
  lines: readonly string[],
): Promise<number> {
  const list = sql.join(columns.map((column) => sql.ref(column)))
  const { numAffectedRows } = await sql`insert into ${sql.table(name)} (${list})
    select ${list} from json_populate_recordset(null::${sql.table(name)}, ${`[${lines.join(',')}]`}::json)`.execute(trx)
  return Number(numAffectedRows ?? 0)
}

/** The first table that holds a row, or null. */
export async function findFilledTable(trx: Kysely<Database>): Promise<string | null> {
  for (const { name } of await listDumpedTables(trx)) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(trx)
    if (rows.length > 0) return name
  }
  return null
}

export async function countTable(trx: Kysely<Database>, { name }: DumpedTable): Promise<number> {
  const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(name)}`.execute(trx)
  return Number(rows[0]?.n)
}

/** A view of the database that stands still, whatever others write meanwhile. */
export function inSnapshot<T>(database: Kysely<Database>, work: (trx: Kysely<Database>) => Promise<T>): Promise<T> {
  return database.transaction().execute(async (trx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(trx)
    return work(trx)
  })
}
