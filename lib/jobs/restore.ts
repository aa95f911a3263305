import 'server-only'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Kysely } from 'kysely'
import { proven } from '#lib/actor.ts'
import { doesOpen } from '#lib/crypto/envelope.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { verifyAuditChain } from '#lib/data/audit-chain.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { openDatabase, openDirect } from '#lib/data/database.ts'
import { countTable, findFilledTable, loadLines } from '#lib/data/dump.ts'
import { listAppliedMigrations, migrateWith, migrationNames } from '#lib/data/migrate.ts'
import { findOrCreateFirstTeam } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import { listKeyIdsInUse, listSealed, sealedTables } from '#lib/data/sealed-values.ts'
import { env } from '#lib/env.ts'
import { noteRestore } from './audit-checkpoints.ts'
import type { Manifest } from './backup-folder.ts'
import { BackupFault, checkFile, readManifest, readTable } from './backup-folder.ts'
import { contextOf } from './rewrap.ts'

export type Restored = {
  madeAt: string
  tables: number
  rows: number
  opened: number
  links: number
  migrated: string[]
}

/**
 * Fills the database of this installation from a backup and checks what came in: counts, the audit chain, and that
 * everything sealed opens. All in one transaction: when anything is wrong nothing is kept. It must be empty before.
 */
export async function restoreBackup(folder: string): Promise<Restored> {
  const manifest = await readSound(folder)
  const { databaseUrl, migrationDatabaseUrl, dataDir } = env()
  const url = migrationDatabaseUrl ?? databaseUrl
  const database = url ? openDirect(url) : openDatabase({ databaseUrl: null, dataDir })
  try {
    await refuseFilled(database, manifest)
    const restored = await fill(database, folder, manifest)
    await noteRestored(database, manifest)
    await noteRestore(manifest.chains)
    return restored
  } finally {
    await database.destroy()
  }
}

/** A drill: restores into a database that is made for it and thrown away. Touches nothing of this installation. */
export async function checkBackup(folder: string): Promise<Restored> {
  const manifest = await readSound(folder)
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-drill-'))
  const database = openDatabase({ databaseUrl: null, dataDir })
  try {
    return await fill(database, folder, manifest)
  } finally {
    await database.destroy()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Everything that can be known before a row is written. */
async function readSound(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const unknown = manifest.migrations.filter((name) => !migrationNames.includes(name))
  if (unknown.length > 0)
    throw new BackupFault(
      `it was made by a newer version of Latchkey (${unknown.join(', ')}): restore it with that one`,
    )
  const missing: string[] = []
  for (const { keyId } of manifest.keys) if (!(await keyProvider().hasKey(keyId))) missing.push(keyId)
  if (missing.length > 0)
    throw new BackupFault(`the master key ${missing.join(', ')} is missing: put it back from where keys are backed up`)
  for (const table of manifest.tables) await checkFile(folder, table)
  return manifest
}

async function refuseFilled(database: Kysely<Database>, manifest: Manifest): Promise<void> {
  const applied = await listAppliedMigrations(database)
  if (applied.length === 0) return
  const filled = await findFilledTable(database)
  if (filled) throw new BackupFault(`the database is not empty: ${filled} has rows. Nothing was written.`)
  if (applied.at(-1) !== manifest.migrations.at(-1))
    throw new BackupFault(
      'the database has tables of another version than the backup: restore into one without any tables. Nothing was written.',
    )
}

async function fill(database: Kysely<Database>, folder: string, manifest: Manifest): Promise<Restored> {
  await migrateWith(database, manifest.migrations.at(-1))
  const checked = await database.transaction().execute(async (trx) => {
    let rows = 0
    for (const table of manifest.tables) {
      for await (const lines of readTable(folder, table)) rows += await loadLines(trx, table, lines)
      if ((await countTable(trx, table)) !== table.rows)
        throw new BackupFault(`${table.name} should have ${table.rows} rows`)
    }
    return { rows, opened: await openAll(trx), links: await verifyChains(trx, manifest) }
  })
  const migrated = await migrateWith(database)
  return { madeAt: manifest.madeAt, tables: manifest.tables.length, ...checked, migrated }
}

const SEALED_AT_ONCE = 200

async function openAll(trx: Kysely<Database>): Promise<number> {
  let opened = 0
  for (const keyId of await listKeyIdsInUse(trx)) {
    for (const table of sealedTables) {
      for (let after = ''; ; ) {
        const rows = await listSealed(trx, table, { keyId, after, limit: SEALED_AT_ONCE })
        const last = rows.at(-1)
        if (!last) break
        for (const row of rows)
          if (!(await doesOpen(row.value, contextOf(row))))
            throw new BackupFault(`${row.table} ${row.id} does not open with the key ${keyId}`)
        opened += rows.length
        after = last.id
      }
    }
  }
  return opened
}

async function verifyChains(trx: Kysely<Database>, { chains }: Manifest): Promise<number> {
  let links = 0
  for (const { teamId, seq } of chains) {
    const verdict = await verifyAuditChain(teamId, trx)
    if (!verdict.ok)
      throw new BackupFault(`row ${verdict.firstBad.seq} of the audit log of ${teamId} was ${verdict.firstBad.problem}`)
    if (verdict.links !== seq)
      throw new BackupFault(`the audit log of ${teamId} ends at ${verdict.links}, not at ${seq}`)
    links += verdict.links
  }
  return links
}

async function noteRestored(database: Kysely<Database>, { madeAt }: Manifest): Promise<void> {
  const team = await findOrCreateFirstTeam(database)
  await database.transaction().execute((trx) =>
    recordAudit(trx, proven<'operator'>({ kind: 'operator', teamId: team.id }), {
      action: 'backup.restored',
      objectId: team.id,
      details: { madeAt },
    }),
  )
}
