import { sql } from 'kysely'
import { proven } from '#lib/actor.ts'
import { closeDatabase, db } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { env } from '#lib/env.ts'
import { runDueChecks } from '#lib/jobs/schedule.ts'
import { insertWatched } from '#lib/testing/watched.ts'

/**
 * Child of `run.mjs`, the worker whose re-checks are measured. `fill` makes the connections it looks at. In a `race` it
 * takes turns with the same requests and nothing else, since machines have better and worse moments.
 */
type Task =
  | { do: 'fill'; count: number }
  | { do: 'race'; rounds: number; checks: number; atOnce: number }
  | { do: 'share'; startAt: number }
  | { do: 'ready'; checks: number }

const HOURS = 3_600
const WARM_UP_ROUNDS = 3
/** One after the other takes long where the way does. */
const LOOP_CHECKS = 200
const apiTokenOf = (index: number) => index.toString(16).padStart(40, '0')
const ownerOf = (index: number) => ({
  company: `bench-${index}`,
  companyId: index + 1,
  userId: index + 1,
  apiToken: apiTokenOf(index),
})

async function fill(count: number): Promise<void> {
  await migrate()
  const team = await insertTeam(db(), { name: 'Bench', supportEmail: null })
  const operator = proven<'operator'>({ kind: 'operator', teamId: team.id })
  await insertWatched(db(), operator, { count, withinSeconds: 4 * HOURS, ownerOf })
  // None comes by itself while we measure.
  await sql`update connection_checks set due_at = due_at + interval '4 hours'`.execute(db())
  // Far more than the worker may do: what it could do is measured.
  await sql`insert into rate_limits (bucket, window_start, hits, expires_at)
    values ('checks:background', now(), -1000000000, now() + interval '1 day')`.execute(db())
}

/** Makes so many due now, spread over all; the companies were let alone long enough. */
async function makeDue(checks: number): Promise<void> {
  await sql`delete from provider_pauses`.execute(db())
  await sql`update connection_checks set due_at = now() - interval '1 minute' where connection_id in (
    select connection_id from connection_checks where due_at > now() order by md5(connection_id || now()) limit ${checks})`.execute(
    db(),
  )
}

async function countDue(): Promise<number> {
  const { n } = await db()
    .selectFrom('connectionChecks')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('dueAt', '<=', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  return Number(n)
}

async function work(): Promise<void> {
  await runDueChecks()
  const left = await countDue()
  if (left > 0) throw new Error(`${left} checks were not made`)
}

/** The same requests, as many at once. */
async function callBare(checks: number, atOnce: number): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < checks) {
      const headers = { 'x-api-token': apiTokenOf(next++) }
      const answer = await fetch(`${env().pipedriveBaseUrl}/v1/users/me`, { headers, redirect: 'manual' })
      if (answer.status !== 200 || !(await answer.json()).success) throw new Error('refused')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

type Time = { ms: number; cpuMs: number }

async function timed(run: () => Promise<void>): Promise<Time> {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
  await run()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 }
}

function middle(times: readonly Time[]): Time {
  const of = (key: keyof Time) =>
    times.map((time) => time[key]).sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
  return { ms: of('ms'), cpuMs: of('cpuMs') }
}

async function race({ rounds, checks, atOnce }: Extract<Task, { do: 'race' }>) {
  const times: { bare: Time[]; worker: Time[] } = { bare: [], worker: [] }
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    const bare = await timed(() => callBare(checks, atOnce))
    await makeDue(checks)
    const worker = await timed(work)
    if (round < WARM_UP_ROUNDS) continue
    times.bare.push(bare)
    times.worker.push(worker)
  }
  const loop = await timed(() => callBare(LOOP_CHECKS, 1))
  const slower = checks / LOOP_CHECKS
  return {
    bare: middle(times.bare),
    worker: { ...middle(times.worker), rssMb: process.memoryUsage.rss() / 1e6 },
    loop: { ms: loop.ms * slower, cpuMs: loop.cpuMs * slower },
  }
}

async function obey(task: Task): Promise<unknown> {
  switch (task.do) {
    case 'fill':
      return fill(task.count)
    case 'race':
      return race(task)
    case 'ready':
      return makeDue(task.checks)
    case 'share': {
      await countDue()
      await new Promise((resolve) => setTimeout(resolve, task.startAt - Date.now()))
      while ((await countDue()) > 0) await runDueChecks()
      return Date.now() - task.startAt
    }
  }
}

const answer = await obey(JSON.parse(process.argv[2] ?? '{}'))
await closeDatabase()
process.send?.(answer ?? null, () => process.disconnect())
