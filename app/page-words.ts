import { cookies, headers } from 'next/headers'
import { LANGUAGE_COOKIE, languageOf } from '#lib/language.ts'
import { type Language, words } from '#lib/words.ts'

/** The language of a page that belongs to no request. */
export async function pageLanguage(): Promise<Language> {
  const [jar, sent] = await Promise.all([cookies(), headers()])
  return languageOf({ chosen: jar.get(LANGUAGE_COOKIE)?.value, accepted: sent.get('accept-language') })
}

/** The words of such a page. */
export async function pageWords() {
  return words(await pageLanguage())
}
