import type { Language } from '#lib/words.ts'

/** Written by the page of a request, whose language wins over the browser's on every later page. */
export const LANGUAGE_COOKIE = 'latchkey-language'

const languages: readonly Language[] = ['en', 'de']

/** The language of a page: the one chosen before, else the first of the browser's that we speak, else English. */
export function languageOf({ chosen, accepted }: { chosen: string | undefined; accepted: string | null }): Language {
  return languages.find((language) => language === chosen) ?? preferred(accepted ?? '')
}

const ACCEPTED_MAX = 20

function preferred(accepted: string): Language {
  const wanted = accepted
    .split(',')
    .slice(0, ACCEPTED_MAX)
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';')
      const weight =
        parameters
          .find((parameter) => parameter.trim().startsWith('q='))
          ?.trim()
          .slice(2) ?? '1'
      return { language: tag.split('-')[0], weight: Number(weight) || 0 }
    })
    .sort((a, b) => b.weight - a.weight)
  for (const { language, weight } of wanted) {
    const spoken = languages.find((known) => known === language)
    if (spoken && weight > 0) return spoken
  }
  return 'en'
}
