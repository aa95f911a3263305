import type { Capability } from '#lib/providers/provider.ts'
import type { Language, Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { isBuiltIn, type Profile } from './profiles.ts'

/** What people read of a profile. `promise` is never empty: what the team did not write is told from the capabilities. */
export type ProfileText = { name: string; promise: string[]; adminReason: string }

/** A profile in the reader's language, as the customer's page tells it. */
export function describeProfile(profile: Profile, language: Language, team: string): ProfileText {
  const t = words(language)
  if (isBuiltIn(profile.key)) {
    const say = (part: string) => t(`pages.profiles.${profile.key}.${part}`, { team })
    return { name: say('title'), promise: [say('promise')], adminReason: say('reason') }
  }
  const own = profile.words?.[language]
  return {
    name: nameOf(profile, language),
    promise: [own?.purpose, promiseOf(profile.capabilities, t, team, language), own?.exceptions].filter(
      (sentence): sentence is string => Boolean(sentence),
    ),
    adminReason: own?.adminReason || t('profiles.promise.adminReason'),
  }
}

/** Its name; written in one language only, that one is better than none. */
export function nameOf(profile: Profile, language: Language): string {
  if (isBuiltIn(profile.key)) return words(language)(`pages.profiles.${profile.key}.title`)
  const name = (of: Language) => profile.words?.[of].name
  return name(language) || name('en') || name('de') || profile.key
}

const things = ['deals', 'persons', 'organizations', 'activities'] as const

/** What an integration does with these capabilities, in whole sentences, and what it leaves alone. */
function promiseOf(capabilities: readonly Capability[], t: Words, team: string, language: Language): string {
  const has = (capability: Capability) => capabilities.includes(capability)
  const list = new Intl.ListFormat(language, { type: 'conjunction' })
  const named = (verb: 'read' | 'add' | 'edit') => things.filter((thing) => has(`${verb}_${thing}`))
  const say = (key: string, of: readonly string[] = []) =>
    t(`profiles.promise.${key}`, { team, things: list.format(of.map((thing) => t(`profiles.promise.${thing}`))) })

  const [read, add, edit] = [named('read'), named('add'), named('edit')]
  const writes = add.length + edit.length > 0
  const settings = has('manage_custom_fields') || has('manage_account_settings')
  const addsWhatItEdits = add.length > 0 && add.join() === edit.join()
  const sentences = [
    say(read.length > 0 ? 'reads' : 'readsNothing', read),
    addsWhatItEdits && say('addsAndEdits', add),
    !addsWhatItEdits && add.length > 0 && say('adds', add),
    !addsWhatItEdits && edit.length > 0 && say('edits', edit),
    has('create_webhooks') && say(writes || settings ? 'webhooks' : 'onlyWebhooks'),
    has('manage_custom_fields') && say('customFields'),
    has('manage_account_settings') && say('accountSettings'),
    say(writes ? 'deletesNothing' : 'changesNothing'),
    !has('manage_account_settings') && say('leavesSettings'),
  ]
  return sentences.filter(Boolean).join(' ')
}
