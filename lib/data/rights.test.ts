import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { connect } from '#lib/connection/connect.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { createServerDatabase, forgetEnv, serverUrl, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { sealAuditChain } from './audit-chain.ts'
import { closeDatabase, db, openDatabase, openDirect, useDatabase as setDatabase } from './database.ts'
import { isMigrated, migrate } from './migrate.ts'

/** As hardened installations run: one role owns the tables and migrates, another one works with them. */
describe('server Postgres', { skip: serverUrl() ? false : 'TEST_DATABASE_URL is not set' }, () => {
  const part = randomUUID().slice(0, 8)
  const [owner, app] = [`latchkey_owner_${part}`, `latchkey_app_${part}`]
  let pipedrive: FakePipedrive
  let ownerUrl: string
  let appUrl: string
  let drop: () => Promise<void>

  const urlOf = (databaseUrl: string, role: string) => {
    const url = new URL(databaseUrl)
    Object.assign(url, { username: role, password: part })
    return url.href
  }
  const asServer = async (...statements: string[]) => {
    const server = openDirect(serverUrl() ?? '')
    for (const statement of statements) await sql.raw(statement).execute(server)
    await server.destroy()
  }

  before(async () => {
    pipedrive = await startFakePipedrive({ companies: ['rights'] })
    const made = await createServerDatabase()
    ;[ownerUrl, appUrl] = [urlOf(made.databaseUrl, owner), urlOf(made.databaseUrl, app)]
    const name = new URL(made.databaseUrl).pathname.slice(1)
    await asServer(
      `create role ${owner} login password '${part}'`,
      `create role ${app} login password '${part}'`,
      `alter database ${name} owner to ${owner}`,
    )
    drop = async () => {
      await made.drop()
      await asServer(`drop role ${app}`, `drop role ${owner}`)
    }
    const settings = { DATABASE_URL: appUrl, DATA_DIR: temporaryFolder(), PIPEDRIVE_BASE_URL: pipedrive.url }
    setEnv({ ...settings, MIGRATION_DATABASE_URL: ownerUrl })
    // Two processes of a deployment start together, and a third one later.
    await Promise.all([migrate(), migrate()])
    await migrate()
    setEnv(settings)
    setDatabase(openDatabase({ databaseUrl: appUrl, dataDir: '' }))
  })
  after(async () => {
    await closeDatabase()
    await drop()
    await pipedrive.close()
    forgetEnv()
  })

  test('the portal works under its own role, and finds the tables as they should be', async () => {
    assert.ok(await isMigrated(db()))
    assert.deepEqual(await migrate(), [], 'a process without the owner’s address starts, too')
    const { holder } = await ask(await makeTeam())
    const outcome = await connect(holder, typed('admin@rights', { domain: 'rights' }))
    assert.equal(outcome.kind === 'settled' && outcome.status, 'connected')
    await sealAuditChain()
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from audit_events`.execute(db())
    assert.ok((rows[0]?.n ?? 0) > 0)
  })

  for (const statement of [
    `update audit_events set reason = 'x'`,
    'delete from audit_events',
    'truncate audit_events',
    'alter table audit_events disable trigger all',
    'drop trigger audit_events_insert_only on audit_events',
    `update audit_chain set mac = 'x'`,
    'delete from audit_chain',
    'create table mine (id int)',
    'drop table connections',
    'delete from kysely_migration',
  ])
    test(`it may not: ${statement}`, async () => {
      await assert.rejects(sql.raw(statement).execute(db()), /permission denied|must be owner/)
    })
})
