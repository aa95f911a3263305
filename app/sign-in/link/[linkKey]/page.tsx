import { redirect } from 'next/navigation'
import { ShellPage } from '#components/ui/shell-page.tsx'
import { findLinkHolder } from '#lib/auth/sign-in.ts'
import { pageWords } from '../../../page-words.ts'
import { confirmLinkAction } from '../../actions.ts'
import { refusedPath } from '../../refused-path.ts'
import { ConfirmForm } from './confirm-form.tsx'

/** Where a sign-in link leads: one button. Fetching the page uses nothing up, as mail scanners fetch it too. */
export default async function SignInLinkPage({ params }: { params: Promise<{ linkKey: string }> }) {
  const { linkKey } = await params
  const holder = await findLinkHolder(linkKey)
  if (!holder) redirect(refusedPath('link_ended'))
  const t = await pageWords()
  const { name, email, teamName: team } = holder
  const title = t('team.signIn.confirm.title', { team })
  return (
    <ShellPage product={t('fault.product')} title={title} lead={t('team.signIn.confirm.lead', { name, email })}>
      <title>{`${title} · ${t('fault.product')}`}</title>
      <ConfirmForm action={confirmLinkAction} linkKey={linkKey} words={{ button: t('team.signIn.confirm.button') }} />
      <p className="text-muted">{t('team.signIn.confirm.notYou')}</p>
    </ShellPage>
  )
}
