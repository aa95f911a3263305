import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { readBoardView } from '#lib/board-view.ts'
import { countSnoozed, listBoardPage, listStatusCounts } from '#lib/data/board.ts'
import { openDatabase, useDatabase as setDatabase } from '#lib/data/database.ts'
import { migrateWith } from '#lib/data/migrate.ts'
import { insertTeam } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { insertManyConnections } from '#lib/testing/many.ts'

/** Child of `run.mjs`: the board's queries on a small and on a big team, each in a database of its own, taking turns. */
const ROUNDS = 150
const WARM_UP = 15

type Size = { count: number; databaseUrl: string }

const views: Record<string, Record<string, string>> = {
  page: {},
  'filter by state': { group: 'needs_you', sort: 'customer' },
  'filter by status': { status: 'sent', sort: 'link_end' },
  'order of the last check': { sort: 'checked' },
  'filter by status, order of the last check': { status: 'connected', sort: 'checked' },
  'search, rare words': { q: 'c777@mail1.example' },
  'search, common words': { q: 'acme', sort: 'customer' },
  'next page, half way down': { sort: 'customer', after: 'middle' },
}

async function fill({ count, databaseUrl }: Size) {
  const database = openDatabase({ databaseUrl, dataDir: '' })
  await migrateWith(database)
  const { id: teamId } = await insertTeam(database, { name: 'Northwind', supportEmail: null })
  // Filling takes longer than a request may.
  const patient = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: databaseUrl, max: 1 }) }),
  })
  await insertManyConnections(patient, { teamId, count })
  await sql`vacuum analyze`.execute(patient)
  await patient.destroy()
  const staff = proven<'staff'>({ kind: 'staff', teamId, staffId: 'stf_bench', role: 'admin', address: null })
  const middle = await database
    .selectFrom('connections')
    .select(['id', 'sortName'])
    .orderBy('sortName')
    .offset(count / 2)
    .limit(1)
    .executeTakeFirstOrThrow()
  return { database, staff, after: `${middle.id}.${middle.sortName}`, count }
}

/** What one answer of the board asks of the database. */
async function show(staff: Staff, given: Record<string, string>): Promise<number> {
  const [page] = await Promise.all([
    listBoardPage(staff, readBoardView(given)),
    listStatusCounts(staff),
    countSnoozed(staff),
  ])
  return page.rows.length
}

const sizes: Size[] = JSON.parse(process.argv[2] ?? '[]')
const filled = []
for (const size of sizes) filled.push(await fill(size))

const results: Record<string, { count: number; p50: number; rows: number }[]> = {}
for (const [name, given] of Object.entries(views)) {
  const times = filled.map((): number[] => [])
  const rows = filled.map(() => 0)
  for (let round = 0; round < ROUNDS; round++)
    for (const [place, { database, staff, after }] of filled.entries()) {
      setDatabase(database)
      const startedAt = performance.now()
      rows[place] = await show(staff, given.after ? { ...given, after } : given)
      if (round >= WARM_UP) times[place]?.push(performance.now() - startedAt)
    }
  results[name] = filled.map(({ count }, place) => ({
    count,
    rows: rows[place] ?? 0,
    p50: times[place]?.toSorted((a, b) => a - b)[Math.floor((ROUNDS - WARM_UP) / 2)] ?? 0,
  }))
}
for (const { database } of filled) await database.destroy()
process.send?.(results, () => process.disconnect())
