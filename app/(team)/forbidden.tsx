import Link from 'next/link'
import { findSignedIn } from '#lib/auth/session.ts'
import { db } from '#lib/data/database.ts'
import { findFirstAdmin } from '#lib/data/staff.ts'
import { CONSOLE_HOME } from '#lib/next-path.ts'
import { pageWords } from '../page-words.ts'

/** A role that does not fit: says which role it is and who can change it. */
export default async function ForbiddenPage() {
  const t = await pageWords()
  const signedIn = await findSignedIn()
  const role = signedIn ? t(`team.roles.${signedIn.staff.role}`) : ''
  const admin = signedIn && (await findFirstAdmin(db(), signedIn.staff.teamId))
  return (
    <div className="max-w-2xl space-y-4">
      <title>{`${t('team.forbidden.title')} · ${signedIn?.session.teamName ?? t('fault.product')}`}</title>
      <h1 className="font-semibold text-2xl">{t('team.forbidden.title')}</h1>
      <p className="text-lg text-muted">
        {admin ? t('team.forbidden.lead', { role, admin: admin.name }) : t('team.forbidden.leadNobody', { role })}
      </p>
      <Link className="link" prefetch={false} href={CONSOLE_HOME}>
        {t('team.forbidden.back')}
      </Link>
    </div>
  )
}
