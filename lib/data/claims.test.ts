import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { sql } from 'kysely'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import { claimDueChecks, holdsLease, postponeCheck } from './connection-checks.ts'
import { db } from './database.ts'
import { claimDueLetters, markAccepted, postponeLetter } from './outbox.ts'

const DUE = 300
const WORKERS = 3
const AT_ONCE = 7

type Claimed = { id: string; attempt: number; lease: string }

/** The two tables with work in them, as a worker sees them. */
const queues = {
  connection_checks: {
    key: 'connection_id',
    claim: async (limit: number): Promise<Claimed[]> => {
      const due = await claimDueChecks({ limit, leaseSeconds: 60 })
      return due.map(({ connectionId, ...rest }) => ({ id: connectionId, ...rest }))
    },
    /** Whether it changed anything. */
    giveBack: async ({ id, lease }: Claimed): Promise<boolean> => {
      const isMine = await holdsLease(db(), { connectionId: id, lease })
      await postponeCheck({ connectionId: id, lease }, 3_600)
      return isMine
    },
  },
  outbox: {
    key: 'id',
    claim: async (limit: number): Promise<Claimed[]> => claimDueLetters({ limit, leaseSeconds: 60 }),
    giveBack: ({ id, lease }: Claimed) => postponeLetter(db(), { id, lease }, { inSeconds: 3_600, lastError: 'test' }),
  },
} as const

async function fill(): Promise<void> {
  const { connectionId, requestId } = await ask(await makeTeam())
  await sql`insert into connections (id, team_id, request_id, customer_id, provider, profile, name, status)
    select 'con_' || n, team_id, request_id, customer_id, provider, profile, name, status
    from connections, generate_series(1, ${DUE}::int) n where id = ${connectionId}`.execute(db())
  await sql`insert into connection_checks (connection_id, team_id, reason, due_at)
    select id, team_id, 'waiting', now() from connections where request_id = ${requestId} and id <> ${connectionId}`.execute(
    db(),
  )
  await sql`insert into outbox (id, team_id, letter, recipient_name, recipient_email, language, payload, message_id)
    select id, team_id, 'receipt', 'Jane', 'jane@acme.example', 'en', '{}', id from connections
    where request_id = ${requestId} and id <> ${connectionId}`.execute(db())
}

onEachEngine(() => {
  before(fill)

  for (const [table, { key, claim, giveBack }] of Object.entries(queues))
    describe(table, () => {
      const change = (set: string) => sql`update ${sql.table(table)} set ${sql.raw(set)}`.execute(db())

      beforeEach(async () => {
        await change('due_at = now(), attempt = 0, lease = null, leased_until = null')
      })

      // R26
      test(`of ${DUE} due rows each is claimed once by ${WORKERS} workers`, async () => {
        const worker = async () => {
          const mine: string[] = []
          for (;;) {
            const claimed = await claim(AT_ONCE)
            assert.ok(claimed.length <= AT_ONCE, `${claimed.length} at once`)
            if (claimed.length === 0) return mine
            mine.push(...claimed.map(({ id }) => id))
          }
        }
        const claimed = (await Promise.all(Array.from({ length: WORKERS }, worker))).flat()
        assert.equal(new Set(claimed).size, DUE)
        // A worker that meets only locked rows may stop early; whoever locked them has them.
        assert.equal(claimed.length, DUE)
      })

      test('what is not due yet is left alone', async () => {
        await change("due_at = now() + interval '1 minute'")
        assert.deepEqual(await claim(AT_ONCE), [])
      })

      // R13
      test('the lease of a worker that died ends, and another takes over', async () => {
        const [dead] = await claim(DUE)
        assert.ok(dead)
        assert.deepEqual(await claim(DUE), [], 'leased rows are left alone')
        await change("leased_until = now() - interval '1 second'")
        const [heir] = (await claim(DUE)).filter(({ id }) => id === dead.id)
        assert.equal(heir?.attempt, 2)
        assert.notEqual(heir?.lease, dead.lease)
      })

      test('a worker that lost its lease writes nothing; the one that has it does', async () => {
        const [dead] = await claim(DUE)
        assert.ok(dead)
        await change("leased_until = now() - interval '1 second'")
        const [heir] = (await claim(DUE)).filter(({ id }) => id === dead.id)
        assert.ok(heir)
        const rowOf = async () => {
          const { rows } = await sql`select * from ${sql.table(table)} where ${sql.ref(key)} = ${dead.id}`.execute(db())
          return rows[0]
        }
        const before = await rowOf()
        assert.equal(await giveBack(dead), false)
        assert.deepEqual(await rowOf(), before)
        assert.equal(await giveBack(heir), true)
        assert.notDeepEqual(await rowOf(), before)
      })
    })

  test('a letter that was accepted is never claimed again', async () => {
    await sql`update outbox set lease = null, leased_until = null, due_at = now()`.execute(db())
    const all = await claimDueLetters({ limit: DUE, leaseSeconds: 60 })
    assert.equal(all.length, DUE)
    const [letter] = all
    assert.ok(letter && (await markAccepted(db(), letter)))
    await sql`update outbox set lease = null, leased_until = null`.execute(db())
    assert.equal((await claimDueLetters({ limit: DUE + 1, leaseSeconds: 60 })).length, DUE - 1)
  })
})
