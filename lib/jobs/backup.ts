import 'server-only'
import type { Kysely } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { listChainHeads, sealAuditChain } from '#lib/data/audit-chain.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction, openDirect } from '#lib/data/database.ts'
import { dumpTable, inSnapshot, listDumpedTables } from '#lib/data/dump.ts'
import { databaseTime } from '#lib/data/health.ts'
import { listAppliedMigrations } from '#lib/data/migrate.ts'
import type { Database } from '#lib/data/schema.ts'
import { countKeyUses } from '#lib/data/sealed-values.ts'
import { env } from '#lib/env.ts'
import type { BackedUpTable, Manifest } from './backup-folder.ts'
import { makeFolder } from './backup-folder.ts'

/**
 * Copies every table, as it stands at one moment, into a new folder. No key is in it: they are backed up apart, or a
 * stolen backup would open itself. With the embedded database everybody waits until it is done.
 */
export async function makeBackup(
  operator: Operator,
  folder: string,
  { databaseUrl }: { databaseUrl: string | null } = env(),
): Promise<Manifest> {
  // What was done a moment ago is linked, so that the backup's audit log can be checked to its end.
  await sealAuditChain()
  const made = await makeFolder(folder)
  try {
    const content = await fromSnapshot(databaseUrl, async (trx) => {
      const tables: BackedUpTable[] = []
      for (const table of await listDumpedTables(trx))
        tables.push(await made.writeTable(table.name, table.columns, dumpTable(trx, table)))
      return {
        madeAt: (await databaseTime(trx)).toISOString(),
        engine: databaseUrl ? ('server' as const) : ('embedded' as const),
        keys: await countKeyUses(trx),
        tables,
        chains: await listChainHeads(trx),
      }
    })
    const manifest = { ...content, migrations: await listAppliedMigrations(db()) }
    await inTransaction(async (trx) => {
      await recordAudit(trx, operator, {
        action: 'backup.made',
        objectId: operator.teamId,
        details: {
          keyIds: content.keys.map(({ keyId }) => keyId),
          rows: content.tables.reduce((sum, { rows }) => sum + rows, 0),
        },
      })
      // Last: a folder that has its name is one that the audit log knows of.
      await made.finish(manifest)
    })
    return { format: 'latchkey-backup.1', ...manifest }
  } catch (error) {
    await made.discard()
    throw error
  }
}

/** A server gives a connection that may take its time; the embedded engine has one only. */
async function fromSnapshot<T>(databaseUrl: string | null, work: (trx: Kysely<Database>) => Promise<T>): Promise<T> {
  if (!databaseUrl) return inSnapshot(db(), work)
  const direct = openDirect(databaseUrl)
  try {
    return await inSnapshot(direct, work)
  } finally {
    await direct.destroy()
  }
}
