import type { Route } from 'next'
import Link from 'next/link'
import type { Staff } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { findRequest } from '#lib/data/requests.ts'
import { pageWords } from '../../page-words.ts'

/** "Sent to …", on the page where a sent request ends. Whatever the address bar says, only the team's own is told. */
export async function SentNotice({ staff, reference }: { staff: Staff; reference: string | undefined }) {
  const request = reference ? await findRequest(db(), { teamId: staff.teamId, request: reference }) : null
  if (!request) return null
  const t = await pageWords()
  return (
    <p role="status" className="notice notice-ok sent-notice mb-6">
      <bdi>{t('requests.sent', { email: request.contactEmail, reference: request.reference })}</bdi>
      <Link className="link" prefetch={false} href={'/connections/new' as Route}>
        {t('requests.sendAnother')}
      </Link>
    </p>
  )
}
