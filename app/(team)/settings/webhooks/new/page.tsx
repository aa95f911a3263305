import type { Route } from 'next'
import Link from 'next/link'
import { redirect } from 'next/navigation'
import { isFresh, requireStaff } from '#lib/auth/session.ts'
import { eventTypes } from '#lib/connection/events.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../page-words.ts'
import { section } from '../../../sections.ts'
import { profileChoices } from '../../profile-choices.ts'
import { createWebhookAction } from '../actions.ts'
import { formWords } from '../form-words.ts'
import { WebhookForm } from '../webhook-form.tsx'

/** One more system that is told of events. */
export default async function NewWebhookPage() {
  const staff = await requireStaff(...section.settings.roles)
  if (!(await isFresh())) redirect('/settings/webhooks' as Route)
  const language = await pageLanguage()
  const t = words(language)
  return (
    <>
      <title>{`${t('webhooks.form.title')} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings/webhooks' as Route}>
          {t('webhooks.backToList')}
        </Link>
      </p>
      <WebhookForm
        key={staff.staffId}
        action={createWebhookAction}
        eventTypes={[...eventTypes]}
        profiles={await profileChoices(staff, language)}
        words={formWords(t)}
      />
    </>
  )
}
