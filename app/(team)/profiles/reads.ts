import 'server-only'
import type { Introduced } from '#lib/connection/introduce.ts'
import { introduce } from '#lib/connection/introduce.ts'
import { describeProfile } from '#lib/connection/profile-words.ts'
import type { Profile } from '#lib/connection/profiles.ts'
import { builtInProfiles } from '#lib/connection/profiles.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import { capabilities } from '#lib/providers/provider.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { guideOf } from '../../provider-guide.ts'
import type { TypedProfile } from './typed.ts'

/** The part of the customer's page that a profile decides. */
export type ReadByCustomer = Pick<Introduced, 'needTitle' | 'needs' | 'promiseTitle' | 'promises'> & {
  language: Language
  languageName: string
  name: string
}

const languages = { en: 'English', de: 'Deutsch' } as const

/** What customers read of a profile, by the function that writes their page. */
export async function readsOf(profile: Profile, team: string): Promise<ReadByCustomer[]> {
  const languagesOfPage = ['en', 'de'] as const
  return Promise.all(
    languagesOfPage.map(async (language) => {
      const t = words(language)
      const { t: guideWords } = await guideOf(usualProvider, language)
      const { name, adminReason } = describeProfile(profile, language, team)
      const nobody = {
        customerName: '',
        ownerName: null,
        project: name,
        note: null,
        connectedAt: null,
        checkedAt: null,
      }
      const page = introduce({ ...nobody, language, teamName: team, requestedAt: new Date() }, profile)
      const { needTitle, needs, promiseTitle, promises } = page
      const why = profile.accountAdmin ? [guideWords('adminNeeded', { reason: adminReason })] : []
      const shownName = name || t('profiles.preview.unnamed')
      return {
        language,
        languageName: languages[language],
        name: shownName,
        needTitle,
        needs: [...needs, ...why],
        promiseTitle,
        promises,
      }
    }),
  )
}

/** The same for what is typed so far, right or not. */
export async function readsOfTyped(typed: TypedProfile, team: string): Promise<ReadByCustomer[]> {
  const profile: Profile = {
    ...builtInProfiles['read-only-sync'],
    // Not yet one of the built-in ones, whatever is typed as its key.
    key: '',
    words: typed.words,
    capabilities: capabilities.filter((capability) => typed.capabilities.includes(capability)),
    accountAdmin: typed.accountAdmin,
    mode: typed.mode === 'rotate' ? 'rotate' : 'collect',
  }
  return readsOf(profile, team)
}
