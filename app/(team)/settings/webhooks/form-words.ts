import { env } from '#lib/env.ts'
import type { Words } from '#lib/words.ts'

/** What the form of a webhook says, and the secret after it. */
export function formWords(t: Words): Record<string, string> {
  const say = (name: string) => t(`webhooks.form.${name}`)
  return {
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
    more: say('more'),
    profiles: say('profiles'),
    profilesHint: say('profilesHint'),
    submit: say('submit'),
    problem: say('problem'),
    shownTitle: t('webhooks.shown.title', { name: '{name}' }),
    shownLead: t('webhooks.shown.lead'),
    copy: t('webhooks.shown.copy'),
    copied: t('webhooks.shown.copied'),
    toEndpoint: t('webhooks.shown.toEndpoint'),
  }
}
