import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { runCommand } from '#lib/operator/commands.ts'
import { type FakePipedrive, fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { countRows, makeTeam } from '#lib/testing/story.ts'
import type { AdoptedRow, AdoptOutcome } from './adopt.ts'
import { adoptCredentials } from './adopt.ts'

let fake: FakePipedrive
let operator: Operator

before(async () => {
  fake = await startFakePipedrive()
})
after(() => fake.close())

const HEAD = 'customer,contact_name,email,domain,api_token,profile,connection_name,start_date,external_id,language'

function listOf(...rows: string[]): Secret {
  return new Secret([HEAD, ...rows].join('\r\n'))
}

function row(name: string, over: { domain?: string; token?: string; profile?: string; email?: string } = {}): string {
  const { domain = 'acme', token = fakeToken(name), profile = 'two-way-crm', email = `${name}@acme.example` } = over
  return `${name} ltd,Jane Miller,${email},${domain},${token},${profile},,2024-05-01,ext-${name},en`
}

function rowsOf(outcome: AdoptOutcome): AdoptedRow[] {
  assert.equal(outcome.kind, 'done')
  return outcome.kind === 'done' ? outcome.rows : []
}

async function connection(id: string | null) {
  return db()
    .selectFrom('connections')
    .select(['status', 'verdictCode', 'version', 'adoptedAt', 'externalId', 'providerCompanyDomain', 'startDate'])
    .where('id', '=', id ?? '')
    .executeTakeFirstOrThrow()
}

onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
    })

    test('what works is sealed and marked as shared before; nobody is mailed', async () => {
      const list = listOf(row('admin'), row('readonly'))
      const [full, limited] = rowsOf(await adoptCredentials(operator, list, { dryRun: false }))
      assert.equal(full?.status, 'connected')
      assert.equal(limited?.status, 'connected_limited')
      const stored = await connection(full?.connectionId ?? '')
      assert.ok(stored.adoptedAt)
      assert.equal(stored.version, 1)
      assert.equal(stored.externalId, 'ext-admin')
      assert.equal(stored.providerCompanyDomain, 'acme')
      assert.equal(stored.startDate, '2024-05-01T00:00:00Z')
      assert.equal(await countRows('credentials', full?.connectionId ?? ''), 1)
      const letters = await db().selectFrom('outbox').select('id').where('teamId', '=', operator.teamId).execute()
      assert.equal(letters.length, 0)
      const actions = await db()
        .selectFrom('auditEvents')
        .select('action')
        .where('objectId', '=', full?.connectionId ?? '')
        .execute()
      assert.ok(actions.some(({ action }) => action === 'credential.adopted'))
    })

    test('what does not work gets its verdict, and its token is not kept', async () => {
      const cases = [
        ['regenerated', 'needs_customer', 'TOKEN_REJECTED', false],
        ['other-company', 'needs_customer', 'COMPANY_MISMATCH', false],
        ['no-deals', 'needs_customer', 'NO_DEALS_ACCESS', false],
        ['error-500', 'waiting_provider', 'PIPEDRIVE_DOWN', true],
      ] as const
      const rows = rowsOf(
        await adoptCredentials(operator, listOf(...cases.map(([name]) => row(name))), { dryRun: false }),
      )
      for (const [index, [name, status, verdict, kept]] of cases.entries()) {
        assert.deepEqual(
          { status: rows[index]?.status, verdict: rows[index]?.verdict, kept: rows[index]?.kept },
          { status, verdict, kept },
          name,
        )
        assert.equal(await countRows('credentials', rows[index]?.connectionId ?? ''), kept ? 1 : 0, name)
      }
    })

    test('the same token twice waits for the team, and the same list again makes nothing', async () => {
      const list = listOf(row('admin'), row('twin', { token: fakeToken('admin') }))
      const first = rowsOf(await adoptCredentials(operator, list, { dryRun: false }))
      assert.deepEqual(
        first.map(({ status }) => status),
        ['connected', 'needs_manager'],
      )
      const again = rowsOf(await adoptCredentials(operator, list, { dryRun: false }))
      assert.deepEqual(
        again.map(({ importedBefore }) => importedBefore),
        [true, true],
      )
      assert.deepEqual(
        again.map(({ connectionId }) => connectionId),
        first.map(({ connectionId }) => connectionId),
      )
    })

    test('a dry run checks and stores nothing', async () => {
      const [checked] = rowsOf(await adoptCredentials(operator, listOf(row('admin')), { dryRun: true }))
      assert.equal(checked?.status, 'connected')
      assert.equal(checked?.connectionId, null)
      const { rows } = await sql`select 1 from requests where team_id = ${operator.teamId}`.execute(db())
      assert.equal(rows.length, 0)
    })

    test('every bad cell is named by its row and column, nothing is imported, and no token is repeated', async () => {
      const token = fakeToken('admin')
      const list = listOf(
        row('admin'),
        row('one', { domain: 'acme.example.com', email: 'nobody' }),
        row('two', { profile: token, token: 'jane@acme.example' }),
        `${row('three')},${token}`,
      )
      const outcome = await adoptCredentials(operator, list, { dryRun: false })
      assert.deepEqual(outcome, {
        kind: 'bad_list',
        problems: [
          { line: 3, column: 'email', problem: 'email' },
          { line: 3, column: 'domain', problem: 'DOMAIN_FORMAT' },
          { line: 4, column: 'profile', problem: 'profile' },
          { line: 4, column: 'api_token', problem: 'TOKEN_FORMAT' },
          { line: 5, column: 'row', problem: 'has more cells than the header' },
        ],
      })
      const { rows } = await sql`select 1 from requests where team_id = ${operator.teamId}`.execute(db())
      assert.equal(rows.length, 0)
    })

    test('the command reads standard input only and repeats nothing of what it cannot read', async () => {
      const token = fakeToken('admin')
      const call = (argv: string[], input: string | null) =>
        runCommand({ argv: ['import', ...argv], folder: '/', input })
      assert.equal((await call([], null)).exitCode, 2)
      assert.equal((await call([token], 'x')).exitCode, 2)
      const headless = await call([], `${row('admin')}\r\n${row('readonly')}`)
      assert.equal(headless.exitCode, 1)
      assert.match(JSON.stringify(headless), /column 1 is none of/)
      const broken = await call([], `${HEAD}\r\n"${token},"`)
      assert.equal(broken.exitCode, 1)
      const good = await call(['--dry-run'], `${HEAD}\r\n${row('admin')}`)
      assert.equal(good.exitCode, 0)
      assert.equal(good.output.works, 1)
      for (const { output } of [headless, broken, good]) assert.ok(!JSON.stringify(output).includes(token))
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: fake.url }),
)
