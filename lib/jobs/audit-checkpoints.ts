import 'server-only'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { AuditVerdict, ChainHead } from '#lib/data/audit-chain.ts'
import { listChainHeads, verifyAuditChain } from '#lib/data/audit-chain.ts'
import { db } from '#lib/data/database.ts'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'

/**
 * Whoever may write to the database could cut off the end of the audit chain, and what is left would fit. So its head
 * is noted outside: one line for each team whose chain has grown, in a file that is only ever added to, and in the log.
 */
export type Checkpoint = ChainHead & {
  at: string
  /** The database came from a backup, so the chain may end before what was noted until then. */
  restored?: true
}

const noted = new Map<string, string>()

/** Notes the end of every team's chain that is not noted yet. */
export async function noteCheckpoints(): Promise<number> {
  const file = env().auditCheckpointFile
  const grown = (await listChainHeads(db())).filter(({ teamId, mac }) => noted.get(`${file}:${teamId}`) !== mac)
  await append(grown.map((head) => ({ at: new Date().toISOString(), ...head })))
  for (const { teamId, seq, mac } of grown) {
    noted.set(`${file}:${teamId}`, mac)
    log.info('audit.checkpoint', { teamId, count: seq, reference: mac.slice(0, 20) })
  }
  return grown.length
}

/** The chains begin anew where a backup ends. */
export async function noteRestore(heads: readonly ChainHead[]): Promise<void> {
  await append(heads.map((head) => ({ at: new Date().toISOString(), ...head, restored: true as const })))
}

async function append(checkpoints: readonly Checkpoint[]): Promise<void> {
  if (checkpoints.length === 0) return
  const file = env().auditCheckpointFile
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const handle = await open(file, 'a', 0o600)
  try {
    await handle.appendFile(checkpoints.map((checkpoint) => `${JSON.stringify(checkpoint)}\n`).join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export type CheckpointVerdict =
  | (AuditVerdict & { checkpoints: number })
  | {
      ok: false
      links: number
      checkpoints: number
      firstBad: { seq: number; eventId: null; problem: 'cut' | 'rewritten' }
    }

/** Walks a team's chain and compares it with every head that was noted: finds a cut tail, and a chain that was made anew. */
export async function verifyWithCheckpoints(teamId: string): Promise<CheckpointVerdict> {
  const checkpoints = await readCheckpoints(teamId)
  const heads = new Map(checkpoints.map(({ seq, mac }) => [seq, mac]))
  let rewritten: number | null = null
  const verdict = await verifyAuditChain(teamId, db(), ({ seq, mac }) => {
    const expected = heads.get(seq)
    if (expected !== undefined && expected !== mac) rewritten ??= seq
  })
  const count = checkpoints.length
  if (!verdict.ok) return { ...verdict, checkpoints: count }
  const bad = (seq: number, problem: 'cut' | 'rewritten'): CheckpointVerdict => ({
    ok: false,
    links: verdict.links,
    checkpoints: count,
    firstBad: { seq, eventId: null, problem },
  })
  if (rewritten !== null) return bad(rewritten, 'rewritten')
  const longest = checkpoints.reduce((most, { seq }) => Math.max(most, seq), 0)
  return longest > verdict.links ? bad(verdict.links + 1, 'cut') : { ...verdict, checkpoints: count }
}

/** What holds for a team: since the last restore, if there was one. A line that cannot be read is left out and logged. */
async function readCheckpoints(teamId: string): Promise<Checkpoint[]> {
  let found: Checkpoint[] = []
  let unreadable = 0
  try {
    for await (const line of createInterface({ input: createReadStream(env().auditCheckpointFile) })) {
      const checkpoint = checkpointOf(line)
      if (!checkpoint) unreadable += line === '' ? 0 : 1
      else if (checkpoint.teamId === teamId) {
        if (checkpoint.restored) found = []
        found.push(checkpoint)
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  if (unreadable > 0) log.warn('audit.checkpoints_unreadable', { count: unreadable })
  return found
}

function checkpointOf(line: string): Checkpoint | null {
  try {
    const { at, teamId, seq, mac, restored } = JSON.parse(line)
    if (typeof teamId !== 'string' || !Number.isSafeInteger(seq) || typeof mac !== 'string') return null
    return { at, teamId, seq, mac, ...(restored ? { restored: true } : {}) }
  } catch {
    return null
  }
}
