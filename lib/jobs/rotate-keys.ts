import 'server-only'
import type { Operator } from '#lib/actor.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import type { UnwrapCounts } from '#lib/crypto/unwraps.ts'
import { unwrapCounts } from '#lib/crypto/unwraps.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { findNewestBackup } from '#lib/data/backups.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { KeyUse } from '#lib/data/sealed-values.ts'
import { countKeyUses, listKeyIdsInUse } from '#lib/data/sealed-values.ts'
import { lockFirstTeam } from '#lib/data/teams.ts'
import type { VaultTransit } from '#lib/env.ts'
import { envWithNewestKeys, newMasterKey, writeKeptKeys } from '#lib/env.ts'
import { ageOfFileMs } from '#lib/key-file.ts'
import { listOldKeyIds, rewrapAll } from './rewrap.ts'

export type KeyState = KeyUse & { newest: boolean; present: boolean }

/** Every key that is known or needed, with what lies under it. */
export async function keyStates(): Promise<KeyState[]> {
  const { masterKeys } = envWithNewestKeys()
  const uses = new Map((await countKeyUses(db())).map((use) => [use.keyId, use]))
  const newest = await keyProvider().currentKeyId()
  const ids = [...new Set([newest, ...masterKeys.map(({ id }) => id), ...uses.keys()])]
  return Promise.all(
    ids.map(async (keyId) => ({
      keyId,
      newest: keyId === newest,
      present: await keyProvider().hasKey(keyId),
      credentials: uses.get(keyId)?.credentials ?? 0,
      letters: uses.get(keyId)?.letters ?? 0,
      webhooks: uses.get(keyId)?.webhooks ?? 0,
    })),
  )
}

/** How often this process unwrapped a data key since it started, by what for. */
export function readUnwraps(): UnwrapCounts {
  return unwrapCounts()
}

export type Rotation = {
  newest: string
  /** Null: a rotation was under way and was finished, or the keys are somebody else's to make. */
  added: string | null
  rewrapped: number
  failed: number
  keys: KeyState[]
  next: string | null
}

/**
 * Makes a new key, unless a rotation is still under way, and wraps everything that lies under an older one anew.
 * Keys that came from a variable or a file of the operator's are never written; then `next` says what to do.
 */
export async function rotateKeys(operator: Operator): Promise<Rotation> {
  const unfinished = (await listOldKeyIds()).length > 0
  const added = unfinished ? null : await addKey(operator)
  const { rewrapped, failed } = await rewrapAll()
  const newest = await keyProvider().currentKeyId()
  return { newest, added, rewrapped, failed, keys: await keyStates(), next: nextStep({ added, unfinished }) }
}

function nextStep({ added, unfinished }: { added: string | null; unfinished: boolean }): string | null {
  if (added) return 'Back up the key file now, apart from the data.'
  if (unfinished) return null
  const { keyProvider: kind, vault, masterKeyFile } = envWithNewestKeys()
  if (kind === 'vault-transit' && vault) return vaultSteps(vault)
  return masterKeyFile ? FILE_STEPS : VARIABLE_STEPS
}

function vaultSteps({ mount, key }: VaultTransit): string {
  return `Everything lies under the newest version of the key. For a new one run vault write -f ${mount}/keys/${key}/rotate, and rotate-keys again. Running processes take the version up by themselves.`
}

const NEW_LINE = 'k2:$(openssl rand -base64 32), with an id that was never used'
const FILE_STEPS = `Everything lies under the newest key. For a new one add ${NEW_LINE}, as the last line of MASTER_KEY_FILE on every machine, then move it to the first line on every machine, and run rotate-keys again. Running processes take the file up by themselves.`
const VARIABLE_STEPS = `Everything lies under the newest key. For a new one add ${NEW_LINE}, as the last entry of MASTER_KEY and restart every process; then make it the first entry, restart every process, and run rotate-keys again.`

/** Null where the keys are not ours to write. The row in the audit log goes first: without it there is no new key. */
async function addKey(operator: Operator): Promise<string | null> {
  const { keyProvider: kind, masterKeyFile } = envWithNewestKeys()
  if (kind !== 'local' || !masterKeyFile?.kept) return null
  return inTransaction(async (trx) => {
    // One at a time, whatever process asks: a second one finds the new key and what still lies under the old one.
    await lockFirstTeam(trx)
    const { masterKeys } = envWithNewestKeys()
    const newest = masterKeys[0]?.id
    const inUse = await listKeyIdsInUse(trx)
    if (inUse.some((keyId) => keyId !== newest)) return null
    const keyId = freeKeyId([...masterKeys.map(({ id }) => id), ...inUse])
    await recordAudit(trx, operator, { action: 'key.added', objectId: operator.teamId, details: { keyId } })
    writeKeptKeys([newMasterKey(keyId), ...masterKeys])
    return keyId
  })
}

/** One higher than the highest: an id never comes back, so a key is never taken for another. */
function freeKeyId(known: readonly string[]): string {
  const numbers = known.map((id) => Number(/^k(\d{1,9})$/.exec(id)?.[1] ?? 0))
  return `k${Math.max(...numbers, 0) + 1}`
}

/** What was sealed under the key before the newest may be on its way to the database so long. */
export const RETIRE_AFTER_MS = 10 * 60_000

export type Retirement = { kind: 'retired' } | { kind: 'yours'; next: string } | { kind: 'refused'; reason: string }

/** Throws a key away that nothing needs any more. What still lies under it would be lost, so that is looked at first. */
export async function retireKey(
  operator: Operator,
  { keyId, losesBackups }: { keyId: string; losesBackups: boolean },
): Promise<Retirement> {
  return inTransaction(async (trx): Promise<Retirement> => {
    await lockFirstTeam(trx)
    const { masterKeys, masterKeyFile, vault } = envWithNewestKeys()
    const newest = await keyProvider().currentKeyId()
    const refuse = (reason: string): Retirement => ({ kind: 'refused', reason })
    const isOurs = masterKeys.some(({ id }) => id === keyId)
    if (!isOurs && !(await keyProvider().hasKey(keyId))) return refuse(`there is no key ${keyId}`)
    if (newest === keyId) return refuse(`${keyId} is the newest key: new values are sealed under it`)
    const use = (await countKeyUses(trx)).find((one) => one.keyId === keyId)
    if (use)
      return refuse(
        `${use.credentials} credentials, ${use.letters} letters and ${use.webhooks} secrets of webhooks still lie under ${keyId}: run rotate-keys first`,
      )
    if (isOurs && masterKeyFile?.kept && ageOfFileMs(masterKeyFile.path) < RETIRE_AFTER_MS)
      return refuse(
        `the keys were changed less than ${RETIRE_AFTER_MS / 60_000} minutes ago: something sealed under ${keyId} may still be on its way; try again later`,
      )
    const backup = await findNewestBackup(trx, operator)
    if (backup?.keyIds.includes(keyId) && !losesBackups)
      return refuse(
        `the newest backup, of ${backup.at.toISOString()}, cannot be read without ${keyId}: make another backup first, or say --lose-backups`,
      )
    if (!isOurs && vault) return { kind: 'yours', next: vaultRetirement(vault, newest, keyId) }
    if (!masterKeyFile?.kept)
      return {
        kind: 'yours',
        next: `Nothing needs ${keyId}: remove its entry from ${masterKeyFile ? 'MASTER_KEY_FILE' : 'MASTER_KEY'}.`,
      }
    if (masterKeys.length === 1) return { kind: 'yours', next: `Nothing needs ${keyId}: delete ${masterKeyFile.path}.` }
    await recordAudit(trx, operator, { action: 'key.retired', objectId: operator.teamId, details: { keyId } })
    writeKeptKeys(masterKeys.filter(({ id }) => id !== keyId))
    return { kind: 'retired' }
  })
}

/** Versions go from the oldest on: one that is still needed keeps those after it. */
function vaultRetirement({ mount, key }: VaultTransit, newest: string, keyId: string): string {
  const version = Number(keyId.split(':v').at(-1)) + 1
  const isOfNewest = newest.startsWith('vault:')
  return isOfNewest
    ? `Nothing needs ${keyId}. When nothing lies under older versions either: vault write ${mount}/keys/${key}/config min_decryption_version=${version}`
    : `Nothing needs ${keyId}. When nothing lies under Vault any more, remove VAULT_TRANSIT_KEY.`
}
