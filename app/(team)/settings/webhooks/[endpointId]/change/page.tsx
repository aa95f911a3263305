import type { Route } from 'next'
import Link from 'next/link'
import { notFound, redirect } from 'next/navigation'
import { isFresh, requireStaff } from '#lib/auth/session.ts'
import { eventTypes } from '#lib/connection/events.ts'
import { db } from '#lib/data/database.ts'
import { findEndpoint } from '#lib/data/webhook-endpoints.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../../page-words.ts'
import { section } from '../../../../sections.ts'
import { profileChoices } from '../../../profile-choices.ts'
import { changeWebhookAction } from '../../actions.ts'
import { formWords } from '../../form-words.ts'
import { WebhookForm } from '../../webhook-form.tsx'

/** What a webhook is called, where it is and what it is told of, to be changed. */
export default async function ChangeWebhookPage({ params }: { params: Promise<{ endpointId: string }> }) {
  const staff = await requireStaff(...section.settings.roles)
  const { endpointId } = await params
  const endpoint = await findEndpoint(db(), staff, endpointId)
  if (!endpoint) notFound()
  const { id, name, url, eventTypes: kinds, profiles } = endpoint
  if (!(await isFresh())) redirect(`/settings/webhooks/${id}` as Route)
  const language = await pageLanguage()
  const t = words(language)
  const title = t('webhooks.change.title', { name })
  return (
    <>
      <title>{`${title} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={`/settings/webhooks/${id}` as Route}>
          {name}
        </Link>
      </p>
      <WebhookForm
        action={changeWebhookAction}
        endpoint={{ id, name, url, which: kinds ? 'only' : 'every', eventTypes: kinds ?? [], profiles: profiles ?? [] }}
        eventTypes={[...eventTypes]}
        profiles={await profileChoices(staff, language)}
        words={{ ...formWords(t), title, lead: t('webhooks.change.lead'), submit: t('webhooks.change.submit') }}
      />
    </>
  )
}
