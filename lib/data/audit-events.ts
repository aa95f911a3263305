import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { actorIdOf } from '#lib/actor.ts'
import { count } from '#lib/telemetry.ts'
import { newId } from './ids.ts'
import type { Database } from './schema.ts'

/** Everything that is ever written to the audit log. */
export type AuditAction =
  | 'team.created'
  | 'request.created'
  | 'draft.changed'
  | 'draft.sent'
  | 'draft.deleted'
  | 'import.uploaded'
  | 'profile.created'
  | 'profile.changed'
  | 'profile.disabled'
  | 'profile.enabled'
  | 'access.refused'
  | 'link.reissued'
  | 'link.key_added'
  | 'link.end_moved'
  | 'link.copied'
  | 'link.revoked'
  | 'link.extended'
  | 'request.assigned'
  | 'connection.visited'
  | 'credential.sealed'
  | 'credential.pending'
  | 'credential.read'
  | 'credential.open_refused'
  | 'credential.withheld'
  | 'credential.shredded'
  | 'connection.verified'
  | 'connection.status'
  | 'connection.decided'
  | 'connection.company_changed'
  | 'connection.company_renamed'
  | 'connection.exposed'
  | 'connection.rotated'
  | 'connection.off_boarding'
  | 'connection.called_off'
  | 'connection.end_confirmed'
  | 'connection.closed'
  | 'connection.check_requested'
  | 'request.contact_changed'
  | 'request.contact_proposed'
  | 'request.contact_proposal_accepted'
  | 'request.contact_proposal_refused'
  | 'request.backup_changed'
  | 'request.backup_used'
  | 'support.looked_up'
  | 'audit.viewed'
  | 'audit.exported'
  | 'connection.snoozed'
  | 'connection.unsnoozed'
  | 'connection.unknown'
  | 'connection.reported'
  | 'request.declined'
  | 'request.reminders_stopped'
  | 'request.question_asked'
  | 'hand_off.frozen'
  | 'hand_off.thawed'
  | 'hand_over.asked'
  | 'hand_over.done'
  | 'hand_over.refused'
  | 'hand_over.lapsed'
  | 'team.settings_changed'
  | 'team.logo_changed'
  | 'mail.samples_sent'
  | 'staff.signed_in'
  | 'staff.signed_out'
  | 'staff.sign_in_refused'
  | 'staff.link_issued'
  | 'integration.created'
  | 'integration.rotated'
  | 'integration.key_ended'
  | 'integration.revoked'
  | 'integration.refused'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.tested'
  | 'webhook.replayed'
  | 'webhook.rotated'
  | 'webhook.disabled'
  | 'webhook.enabled'
  | 'webhook.deleted'
  | 'member.added'
  | 'member.role_changed'
  | 'member.disabled'
  | 'member.enabled'
  | 'key.added'
  | 'key.rewrapped'
  | 'key.retired'
  | 'credential.adopted'
  | 'retention.erased'
  | 'retention.changed'
  | 'letter.retried'
  | 'backup.made'
  | 'backup.restored'

/** Reasons that are ours, not typed by anybody: kept as codes, shown in the reader's language. */
export type ReasonCode =
  | 'check_after_yes'
  | 'check_after_team_yes'
  | 'check_while_waiting'
  | 'regular_check'
  | 'check_of_end'
  | 'check_of_replaced'
  | 'no_yes_in_time'
  | 'no_answer_in_time'
  | 'hand_over_asked'
  | 'handed_over'
  | 'contact_declined'
  | 'for_reminder'
  | 'reader_asked'

export type AuditEntry = {
  action: AuditAction
  objectId: string
  outcome?: 'done' | 'refused'
  /** A `ReasonCode`, or what a person typed. */
  reason?: string
  /** Never a secret, never a full mail address. */
  details?: Record<string, unknown>
}

/** Writes one audit row in the caller's transaction: when it cannot be written, the action does not happen. */
export async function recordAudit(trx: Kysely<Database>, actor: Actor, entry: AuditEntry): Promise<void> {
  const written = trx
    .insertInto('auditEvents')
    .values({
      id: newId('aud'),
      teamId: actor.teamId,
      actorKind: actor.kind,
      actorId: actorIdOf(actor),
      action: entry.action,
      objectId: entry.objectId,
      outcome: entry.outcome ?? 'done',
      reason: entry.reason ?? null,
      address: 'address' in actor ? actor.address : null,
      requestId: null,
      details: JSON.stringify(entry.details ?? {}),
    })
    .execute()
  await written.catch((error: unknown) => {
    count('audit_failures')
    throw error
  })
}

export type AuditEvent = {
  id: string
  at: Date
  actorKind: string
  actorId: string
  action: string
  objectId: string
  outcome: string
  reason: string | null
}

const EVENTS_MAX = 200

/** The latest events about one object, newest first. */
export async function listAuditEvents(trx: Kysely<Database>, teamId: string, objectId: string): Promise<AuditEvent[]> {
  return trx
    .selectFrom('auditEvents')
    .select(['id', 'at', 'actorKind', 'actorId', 'action', 'objectId', 'outcome', 'reason'])
    .where('teamId', '=', teamId)
    .where('objectId', '=', objectId)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(EVENTS_MAX)
    .execute()
}
