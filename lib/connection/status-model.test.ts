import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { LinkHolder, Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { db } from '#lib/data/database.ts'
import type { FakeAnswer, FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, holderOf, keyOf, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { callOff } from './call-off.ts'
import { confirmPending } from './confirm.ts'
import type { ConnectOutcome } from './connect.ts'
import { connect } from './connect.ts'
import { reissueLink, revokeLink } from './links.ts'
import { offBoard } from './off-board.ts'
import { probeEnd } from './prove-end.ts'
import type { Status } from './status.ts'
import { settledStatuses, statuses } from './status.ts'
import { visit } from './visit.ts'
import { retryWaiting } from './watch.ts'

const RUNS = 60
const COMMANDS_MAX = 10

/** Whose tokens are typed; together they end in every status that a submission can lead to. */
const people = ['admin', 'regenerated', 'no-persons', 'other-company', 'feature-off', 'maintenance-json'] as const
/** What the provider says when we ask again for the token that had to wait. */
const later = ['ok', '401', '503_json', '402'] as const satisfies FakeAnswer[]
/** What it says when we ask whether a token is dead. */
const atTheEnd = ['ok', '401', '401', '500'] as const satisfies FakeAnswer[]

type Command =
  | { do: 'submit'; who: (typeof people)[number]; withFirstLink: boolean; pressAgain: boolean }
  | { do: 'retry'; answer: (typeof later)[number] }
  | { do: 'probe'; answer: (typeof atTheEnd)[number] }
  | { do: 'visit' | 'confirm' | 'revoke' | 'resend' | 'expire' | 'close' | 'callOff' }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      who: fc.constantFrom(...people),
      withFirstLink: fc.boolean(),
      pressAgain: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), answer: fc.constantFrom(...later) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('visit', 'confirm', 'confirm', 'revoke', 'resend', 'expire') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('close', 'close', 'callOff') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('probe' as const), answer: fc.constantFrom(...atTheEnd) }) },
)

const submit = (who: (typeof people)[number]): Command => ({
  do: 'submit',
  who,
  withFirstLink: false,
  pressAgain: true,
})

const dead: Command = { do: 'probe', answer: '401' }

/** Ways that every run walks, before the random ones: each status is reached by one of them. */
const known: [Command[]][] = [
  [[submit('regenerated'), submit('admin'), submit('admin'), { do: 'revoke' }]],
  [[submit('no-persons'), { do: 'confirm' }, { do: 'confirm' }]],
  [[submit('feature-off'), { do: 'confirm' }, { do: 'revoke' }, submit('admin')]],
  [[submit('maintenance-json'), { do: 'retry', answer: '503_json' }, { do: 'retry', answer: 'ok' }]],
  [[submit('maintenance-json'), { do: 'retry', answer: '401' }, { do: 'revoke' }, { do: 'resend' }, submit('admin')]],
  [[submit('admin'), { do: 'close' }, dead, { do: 'callOff' }, { do: 'resend' }, submit('admin'), { do: 'close' }]],
  [[submit('admin'), { do: 'close' }, dead, dead, { do: 'callOff' }, { do: 'resend' }, submit('admin')]],
]

let pipedrive: FakePipedrive
before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

type World = { operator: Operator; asked: Asked; newest: LinkHolder }

/** Does one thing. Answers how a submission ended. */
async function act(world: World, wanted: Command): Promise<ConnectOutcome | { kind: 'nothing_pending' } | null> {
  const { operator, asked } = world
  switch (wanted.do) {
    case 'submit': {
      pipedrive.setBehaviour('maintenance-json', { identity: '503_json' })
      const holder = wanted.withFirstLink ? asked.holder : world.newest
      const form = typed(wanted.who)
      const outcome = await connect(holder, form)
      if (wanted.pressAgain && outcome.kind === 'settled') assert.deepEqual(await connect(holder, form), outcome)
      return outcome
    }
    case 'retry':
      return retry(asked, wanted.answer)
    case 'probe':
      return probe(asked, wanted.answer)
    case 'close':
      await offBoard(operator, { connectionId: asked.connectionId, reason: 'model', days: 7 })
      return null
    case 'callOff':
      await callOff(managerOf(operator), { connectionId: asked.connectionId, reason: 'model' })
      return null
    case 'visit':
      await visit(world.newest)
      return null
    case 'confirm':
      return confirmPending(world.newest)
    case 'revoke':
      await revokeLink(operator, { requestId: asked.requestId, reason: 'model' })
      return null
    case 'resend': {
      const { link } = await reissueLink(operator, { requestId: asked.requestId, deliver: 'link' })
      world.newest = await holderOf(keyOf(link), asked.connectionId)
      return null
    }
    case 'expire':
      await db()
        .updateTable('secureLinks')
        .set({ expiresAt: sql<Date>`now() - interval '1 day'` })
        .where('requestId', '=', asked.requestId)
        .execute()
      return null
  }
}

async function retry({ connectionId }: Asked, answer: FakeAnswer): Promise<null> {
  pipedrive.setBehaviour('maintenance-json', { identity: answer })
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  for (const due of await claimDueChecks({ limit: 10, leaseSeconds: 60 }))
    if (due.connectionId === connectionId) await retryWaiting(due)
  return null
}

/** A minute after the question before; nobody else can be asked, so two refusals are proof. */
async function probe({ connectionId }: Asked, answer: FakeAnswer): Promise<null> {
  pipedrive.setDown(answer === 'ok' ? null : answer)
  await sql`update off_boardings set first_refused_at = first_refused_at - interval '61 seconds'`.execute(db())
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()`, leasedUntil: null }).execute()
  for (const due of await claimDueChecks({ limit: 10, leaseSeconds: 60 }))
    if (due.connectionId === connectionId && due.reason === 'off_board') await probeEnd(due)
  pipedrive.setDown(null)
  return null
}

const managerOf = ({ teamId }: Operator): Staff =>
  proven<'staff'>({ kind: 'staff', teamId, staffId: 'stf_model', role: 'account_manager', address: null })

/** There is a token to use, or to prove dead. */
const holding: readonly Status[] = [...settledStatuses, 'off_boarding']

async function credentialsOf(connectionId: string) {
  return db()
    .selectFrom('credentials')
    .select(['state', 'version', 'host'])
    .where('connectionId', '=', connectionId)
    .where('state', 'in', ['in_force', 'pending'])
    .execute()
}

type Seen = Awaited<ReturnType<typeof statusOf>>

/** What is true after every step, whatever the steps were. */
async function assertSound({ operator, asked }: World, before: Seen, outcome: Awaited<ReturnType<typeof act>>) {
  const now = await statusOf(asked.connectionId)
  assert.ok(statuses.includes(now.status), now.status)
  assert.ok(now.version >= before.version, `version fell from ${before.version} to ${now.version}`)

  const credentials = await credentialsOf(asked.connectionId)
  const inForce = credentials.filter(({ state }) => state === 'in_force')
  assert.equal(inForce.length, holding.includes(now.status) ? 1 : 0, `${now.status}: ${inForce.length} in force`)
  if (inForce[0]) {
    assert.equal(inForce[0].version, now.version)
    assert.equal(inForce[0].host === 'unverified', now.status === 'waiting_provider')
  }
  if (now.status === 'revoked' || now.status === 'closed') assert.deepEqual(credentials, [])
  if (before.status === 'closed') assert.deepEqual(now, before, 'the end is final')
  if (outcome?.kind === 'link_ended' || outcome?.kind === 'done_before') assert.deepEqual(now, before)
  if (outcome?.kind === 'settled')
    assert.deepEqual([now.status, now.verdictCode], [outcome.status, outcome.verdictCode])

  const waiting = await db()
    .selectFrom('connectionChecks')
    .select('connectionId')
    .where('connectionId', '=', asked.connectionId)
    .execute()
  assert.equal(waiting.length, holding.includes(now.status) ? 1 : 0, 'nobody looks again, or somebody for nothing')
  await assertCounted(operator.teamId)
}

async function assertCounted(teamId: string): Promise<void> {
  const { rows } = await sql<{ status: string; counted: number; there: number }>`
    select coalesce(c.status, r.status) as status, coalesce(c.n, 0) as counted, coalesce(r.n, 0) as there
    from (select status, n from status_counts where team_id = ${teamId}) c
    full join (select status, count(*)::int as n from connections where team_id = ${teamId} group by status) r
      on c.status = r.status`.execute(db())
  for (const { status, counted, there } of rows) assert.equal(counted, there, `the board's counter of ${status}`)
}

// R4
onEachEngine(
  () => {
    const reached = new Set<string>()

    test('whatever people do in whatever order, status, version, credential and counters agree', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: COMMANDS_MAX }), async (commands) => {
          const operator = await makeTeam()
          const asked = await ask(operator)
          const world: World = { operator, asked, newest: asked.holder }
          for (const wanted of commands) {
            await db().deleteFrom('rateLimits').execute()
            const before = await statusOf(asked.connectionId)
            const outcome = await act(world, wanted)
            await assertSound(world, before, outcome)
            reached.add((await statusOf(asked.connectionId)).status)
          }
          await db().deleteFrom('connectionChecks').execute()
        }),
        { numRuns: RUNS, examples: known },
      )
    })

    test('those steps led to every status that a customer can reach', () => {
      for (const status of [
        'sent',
        'needs_customer',
        'needs_confirmation',
        'needs_manager',
        ...holding,
        'revoked',
        'closed',
      ])
        assert.ok(reached.has(status), `${status} was never reached`)
    })

    // S30
    test('no token that was typed lies in any table, in any form', async () => {
      const tables = await sql<{ name: string }>`
        select tablename as name from pg_tables where schemaname = 'public'`.execute(db())
      let rowsSeen = 0
      for (const { name } of tables.rows) {
        const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db())
        const text = rows.map(({ row }) => row).join('\n')
        rowsSeen += rows.length
        for (const token of people.map(fakeToken))
          for (const form of [token, Buffer.from(token).toString('hex'), Buffer.from(token).toString('base64url')])
            assert.ok(!text.includes(form), `a token lies in ${name}`)
      }
      assert.ok(rowsSeen > RUNS)
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)
