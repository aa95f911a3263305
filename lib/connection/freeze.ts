import 'server-only'
import type { Kysely } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { endFreeze, findCustomer, findFreeze, findFreezeAt, insertFreeze, tellNextFrozen } from '#lib/data/freezes.ts'
import type { Database } from '#lib/data/schema.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { REASON_LENGTH_MAX } from './reason.ts'
import { tellAdmins } from './team-notices.ts'

/** What hand-off is stopped for. */
export type Frozen =
  | { scope: 'team' }
  | { scope: 'customer'; customerId: string }
  | { scope: 'connection'; connectionId: string }

export type FreezeOutcome = 'done' | 'not_allowed' | 'reason_needed' | 'reason_long' | 'frozen_already' | 'not_frozen'

/** Who may stop hand-off. Only an admin, or the operator, lets it go on. */
export function mayFreeze(actor: Staff | Operator): boolean {
  return actor.kind === 'operator' || actor.role !== 'account_manager'
}

export function mayThaw(actor: Staff | Operator): boolean {
  return actor.kind === 'operator' || actor.role === 'admin'
}

/**
 * The emergency stop: from the next call on no integration gets these tokens, on any process. We go on watching them,
 * so that nobody has to find out afterwards how they fared.
 */
export async function freeze(
  actor: Staff | Operator,
  { reason: typed, ...frozen }: Frozen & { reason: string },
): Promise<FreezeOutcome> {
  if (!mayFreeze(actor)) return 'not_allowed'
  const reason = typed.trim()
  if (reason === '') return 'reason_needed'
  if (reason.length > REASON_LENGTH_MAX) return 'reason_long'
  const { scope } = frozen
  const objectId = objectOf(actor, frozen)
  return inTransaction(async (trx): Promise<FreezeOutcome> => {
    if (!(await insertFreeze(trx, actor, { scope, objectId, reason }))) return 'frozen_already'
    await recordAudit(trx, actor, { action: 'hand_off.frozen', objectId, reason, details: { scope } })
    const made = await findFreezeAt(trx, { teamId: actor.teamId, objectId })
    if (made) await tellAdmins(trx, actor, 'frozen_notice', (language) => factsOf(made, language))
    return 'done'
  })
}

/** Lets hand-off go on. What another freeze holds stays held. */
export async function thaw(
  actor: Staff | Operator,
  { freezeId, reason }: { freezeId: string; reason: string | null },
): Promise<FreezeOutcome> {
  if (!mayThaw(actor)) return 'not_allowed'
  if (reason && reason.length > REASON_LENGTH_MAX) return 'reason_long'
  return inTransaction(async (trx): Promise<FreezeOutcome> => {
    const ended = await findFreeze(trx, { teamId: actor.teamId, freezeId })
    if (!ended || !(await endFreeze(trx, actor, freezeId))) return 'not_frozen'
    const { scope, objectId } = ended
    await recordAudit(trx, actor, {
      action: 'hand_off.thawed',
      objectId,
      reason: reason ?? undefined,
      details: { scope },
    })
    await tellAdmins(trx, actor, 'thawed_notice', (language) => factsOf(ended, language))
    return 'done'
  })
}

function objectOf({ teamId }: Staff | Operator, frozen: Frozen): string {
  switch (frozen.scope) {
    case 'team':
      return teamId
    case 'customer':
      return frozen.customerId
    case 'connection':
      return frozen.connectionId
  }
}

/** The customer with this id or name, whatever its capitals, or the one a connection belongs to. */
export async function findFreezable(
  { teamId }: Staff | Operator,
  by: { connectionId: string } | { idOrName: string },
): Promise<{ id: string; name: string } | null> {
  return findCustomer(db(), { teamId }, by)
}

/** Tells integrations what was stopped and what goes on again; run all the time, and again after a crash. */
export async function tellFrozen(): Promise<void> {
  while ((await inTransaction((trx: Kysely<Database>) => tellNextFrozen(trx))) > 0);
}

/** What is stopped, in a few words. */
export function frozenWords({ scope, customerName, connectionName }: Freeze, language: Language): string {
  return words(language)(`freeze.what.${scope}`, { customer: customerName ?? '', connection: connectionName ?? '' })
}

/** Since when, by whom and why. */
export function freezeFacts(
  freeze: Freeze,
  language: Language,
): { what: string; who: string; date: string; reason: string } {
  return {
    what: frozenWords(freeze, language),
    who: freeze.startedByName ?? words(language)('case.actors.operator'),
    date: formatDateTime(freeze.startedAt, language),
    reason: freeze.reason,
  }
}

function factsOf(freeze: Freeze, language: Language): Record<string, string> {
  const page = freeze.scope === 'connection' ? `/connections/${freeze.objectId}` : '/settings#hand-off'
  return { ...freezeFacts(freeze, language), page }
}
