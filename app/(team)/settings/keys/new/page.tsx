import type { Route } from 'next'
import Link from 'next/link'
import { redirect } from 'next/navigation'
import { isFresh, requireStaff } from '#lib/auth/session.ts'
import { env } from '#lib/env.ts'
import { scopes } from '#lib/scopes.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../../page-words.ts'
import { section } from '../../../sections.ts'
import { profileChoices } from '../../profile-choices.ts'
import { createKeyAction } from '../actions.ts'
import { NewKeyForm } from '../new-key-form.tsx'

const LIVES_DAYS = [30, 90, 365, 730]

/** A new key, with no more than its system needs. */
export default async function NewKeyPage() {
  const staff = await requireStaff(...section.settings.roles)
  if (!(await isFresh())) redirect('/settings/keys' as Route)
  const language = await pageLanguage()
  const t = words(language)
  const say = (name: string) => t(`keys.form.${name}`)
  return (
    <>
      <title>{`${t('keys.form.title')} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings/keys' as Route}>
          {t('keys.backToKeys')}
        </Link>
      </p>
      <NewKeyForm
        action={createKeyAction}
        origin={env().portalOrigin}
        scopes={scopes.map((scope) => ({
          value: scope,
          label: t(`keys.scopes.${scope}.label`),
          hint: t(`keys.scopes.${scope}.hint`),
        }))}
        profiles={await profileChoices(staff, language)}
        lives={LIVES_DAYS.map((days) => ({ value: String(days), label: t('keys.form.days', { days }) }))}
        words={{
          title: say('title'),
          lead: say('lead'),
          name: say('name'),
          nameHint: say('nameHint'),
          scopes: say('scopes'),
          more: say('more'),
          profiles: say('profiles'),
          profilesHint: say('profilesHint'),
          addresses: say('addresses'),
          addressesHint: say('addressesHint'),
          expires: say('expires'),
          publicKey: say('publicKey'),
          publicKeyHint: say('publicKeyHint'),
          submit: say('submit'),
          problem: say('problem'),
          shownTitle: t('keys.shown.title', { name: '{name}' }),
          shownLead: t('keys.shown.lead'),
          copy: t('keys.shown.copy'),
          copied: t('keys.shown.copied'),
          close: t('keys.shown.close'),
          next: t('keys.shown.next'),
        }}
      />
    </>
  )
}
