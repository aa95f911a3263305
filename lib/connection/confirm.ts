import 'server-only'
import type { Kysely } from 'kysely'
import type { LinkHolder, Watcher } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { fingerprint } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { scheduleCheck } from '#lib/data/connection-checks.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection, lockConnection, moveStatus, saveTyped, touchConnection } from '#lib/data/connections.ts'
import { findCredential, listStalePending, shredStalePending, UNVERIFIED_HOST } from '#lib/data/credentials.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { lockLinkForSubmit } from '#lib/data/secure-links.ts'
import { findLatestVerification } from '#lib/data/verifications.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { ConnectOutcome } from './connect.ts'
import { resultOf } from './connect.ts'
import { whereSealedOpens } from './errand.ts'
import { enqueueAfterSettlement, tellOfLostReplacement } from './letters.ts'
import { lockNewestLink, reissueIn } from './links.ts'
import { mayUseOtherCompany } from './other-company.ts'
import { isReplacing, judgeReplacement } from './rotate.ts'
import { openCredential } from './seal.ts'
import { prepareSettlement, writeSettlement } from './settle.ts'
import { checkLive, compareWithExpected } from './verify.ts'

/** What a customer may say yes to. Anything else needs a manager or another token. */
const ACCEPTABLE: readonly VerdictCode[] = ['LIMITED_ACCESS', 'USER_MISMATCH', 'COMPANY_MISMATCH']

type ConfirmOutcome = ConnectOutcome | { kind: 'nothing_pending' }

/** The customer says yes to what differed. The pending token is checked once more, then put in force. */
export async function confirmPending(holder: LinkHolder): Promise<ConfirmOutcome> {
  return whereSealedOpens({ kind: 'confirm_pending', holder }, () => confirm(holder))
}

async function confirm(holder: LinkHolder): Promise<ConfirmOutcome> {
  const connection = await getConnection(db(), holder)
  const scope = { teamId: holder.teamId, connectionId: holder.connectionId }
  const pending = await findCredential(db(), { ...scope, state: 'pending' })
  const seen = await findLatestVerification(db(), holder)
  const replaces = isReplacing(connection)
  // Beside a token that works nothing but limits is asked about.
  const asked = replaces ? 'LIMITED_ACCESS' : connection.verdictCode
  const companyDomain = replaces ? connection.providerCompanyDomain : seen?.owner?.companyDomain
  if (!pending || pending.host === UNVERIFIED_HOST) return { kind: 'nothing_pending' }
  if (!companyDomain || !asked || !ACCEPTABLE.includes(asked)) return { kind: 'nothing_pending' }
  if (asked === 'COMPANY_MISMATCH' && !mayUseOtherCompany(connection, companyDomain)) return { kind: 'nothing_pending' }

  const accepted = [...connection.acceptedCodes, asked]
  const apiToken = await openCredential(holder, pending, 'check_after_yes')
  const verdict = await checkLive(connection, { apiToken, companyDomain, startDate: connection.startDate })
  const compared = await compareWithExpected(connection, verdict, {
    fingerprint: fingerprint(holder.teamId, apiToken),
    accepted,
  })
  const { code, old } = replaces ? await judgeReplacement(holder, compared) : { code: compared, old: undefined }
  const settlement = await prepareSettlement(holder, connection, {
    code,
    verdict,
    apiToken,
    askedDomain: companyDomain,
    accepted,
  })

  return inTransaction(async (trx): Promise<ConnectOutcome> => {
    const state = await lockLinkForSubmit(trx, holder)
    if (state !== 'live' && state !== 'grace') return { kind: 'link_ended', state }
    const { status: from, version } = await lockConnection(trx, holder)
    const still = await findCredential(trx, { ...scope, state: 'pending' })
    if (from !== connection.status || still?.id !== pending.id) return { kind: 'done_before' }
    await saveTyped(trx, holder, {
      connectionId: connection.id,
      name: connection.name,
      typedDomain: companyDomain,
      startDate: connection.startDate,
      acceptedCodes: accepted,
    })
    const written = await writeSettlement(trx, holder, settlement, { from, version, trigger: 'confirm', old })
    await enqueueAfterSettlement(trx, holder, written, { trigger: 'confirm' })
    return { kind: 'settled', ...resultOf(written) }
  })
}

/**
 * Erases what nobody said yes to within a day. Whoever comes back later finds the reason and the form. Whoever brought a
 * token to replace another, and waited for the provider as long, is asked once more by mail. That a token which may have
 * been seen stays in use, its manager reads either way.
 */
export async function forgetUnanswered(): Promise<void> {
  for (const stale of await listStalePending(db())) {
    const watcher = proven<'watcher'>({ kind: 'watcher', teamId: stale.teamId })
    await inTransaction(async (trx) => {
      const connection = await getConnection(trx, stale)
      const replaces = isReplacing(connection)
      const waited = replaces && stale.host === UNVERIFIED_HOST
      if (waited) await lockNewestLink(trx, watcher, connection.requestId)
      const { status: from, verdictCode } = await lockConnection(trx, stale)
      if (!(await shredStalePending(trx, stale))) return
      await recordAudit(trx, watcher, {
        action: 'credential.shredded',
        objectId: stale.connectionId,
        reason: waited ? 'no_answer_in_time' : 'no_yes_in_time',
      })
      if (waited) await askOnceMore(trx, watcher, await getConnection(trx, stale))
      else if (replaces) await tellOfLostReplacement(trx, watcher, connection, { why: 'no_yes', turn: 'manager' })
      if (from === 'needs_confirmation')
        await moveStatus(trx, watcher, { connectionId: stale.connectionId, from, to: 'needs_customer', verdictCode })
    })
  }
}

async function askOnceMore(trx: Kysely<Database>, watcher: Watcher, connection: CustomerConnection): Promise<void> {
  if (!isReplacing(connection)) return
  const { id: connectionId, requestId, name } = connection
  await touchConnection(trx, watcher, { connectionId, checked: false, connected: false, waiting: false })
  await scheduleCheck(trx, watcher, { connectionId, reason: 'watch', inSeconds: 0 })
  await reissueIn(trx, watcher, {
    requestId,
    deliver: 'mail',
    purpose: 'repair',
    letter: 'rotate',
    connectionId,
    facts: { connection: name },
  })
  await tellOfLostReplacement(trx, watcher, connection, { why: 'no_answer', turn: 'customer' })
}
