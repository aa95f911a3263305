import type { Route } from 'next'
import Link from 'next/link'
import { redirect } from 'next/navigation'
import { isFresh, requireStaff } from '#lib/auth/session.ts'
import { eventTypes } from '#lib/connection/events.ts'
import { env } from '#lib/env.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../page-words.ts'
import { section } from '../../../sections.ts'
import { createWebhookAction } from '../actions.ts'
import { NewWebhookForm } from '../new-webhook-form.tsx'

/** One more system that is told of events. */
export default async function NewWebhookPage() {
  const staff = await requireStaff(...section.settings.roles)
  if (!(await isFresh())) redirect('/settings/webhooks' as Route)
  const t = words(await pageLanguage())
  const say = (name: string) => t(`webhooks.form.${name}`)
  return (
    <>
      <title>{`${say('title')} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings/webhooks' as Route}>
          {t('webhooks.backToList')}
        </Link>
      </p>
      <NewWebhookForm
        key={staff.staffId}
        action={createWebhookAction}
        eventTypes={[...eventTypes]}
        words={{
          title: say('title'),
          lead: say('lead'),
          name: say('name'),
          nameHint: say('nameHint'),
          url: say('url'),
          urlHint: say(env().isProduction ? 'urlHint' : 'urlHintLoopback'),
          eventTypes: say('eventTypes'),
          every: say('every'),
          everyHint: say('everyHint'),
          only: say('only'),
          submit: say('submit'),
          problem: say('problem'),
          shownTitle: t('webhooks.shown.title', { name: '{name}' }),
          shownLead: t('webhooks.shown.lead'),
          copy: t('webhooks.shown.copy'),
          copied: t('webhooks.shown.copied'),
          toEndpoint: t('webhooks.shown.toEndpoint'),
        }}
      />
    </>
  )
}
