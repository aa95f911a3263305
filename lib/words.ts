import type { createTranslator as CreateTranslator } from 'use-intl/core'
import { createTranslator } from 'use-intl/core'
import auditDe from '#messages/audit.de.json' with { type: 'json' }
import auditEn from '#messages/audit.en.json' with { type: 'json' }
import boardDe from '#messages/board.de.json' with { type: 'json' }
import boardEn from '#messages/board.en.json' with { type: 'json' }
import caseDe from '#messages/case.de.json' with { type: 'json' }
import caseEn from '#messages/case.en.json' with { type: 'json' }
import contactDe from '#messages/contact.de.json' with { type: 'json' }
import contactEn from '#messages/contact.en.json' with { type: 'json' }
import endDe from '#messages/end.de.json' with { type: 'json' }
import endEn from '#messages/end.en.json' with { type: 'json' }
import faultDe from '#messages/fault.de.json' with { type: 'json' }
import faultEn from '#messages/fault.en.json' with { type: 'json' }
import freezeDe from '#messages/freeze.de.json' with { type: 'json' }
import freezeEn from '#messages/freeze.en.json' with { type: 'json' }
import keysDe from '#messages/keys.de.json' with { type: 'json' }
import keysEn from '#messages/keys.en.json' with { type: 'json' }
import lookDe from '#messages/look.de.json' with { type: 'json' }
import lookEn from '#messages/look.en.json' with { type: 'json' }
import mailDe from '#messages/mail.de.json' with { type: 'json' }
import mailEn from '#messages/mail.en.json' with { type: 'json' }
import pagesDe from '#messages/pages.de.json' with { type: 'json' }
import pagesEn from '#messages/pages.en.json' with { type: 'json' }
import profilesDe from '#messages/profiles.de.json' with { type: 'json' }
import profilesEn from '#messages/profiles.en.json' with { type: 'json' }
import repliesDe from '#messages/replies.de.json' with { type: 'json' }
import repliesEn from '#messages/replies.en.json' with { type: 'json' }
import reportDe from '#messages/report.de.json' with { type: 'json' }
import reportEn from '#messages/report.en.json' with { type: 'json' }
import requestsDe from '#messages/requests.de.json' with { type: 'json' }
import requestsEn from '#messages/requests.en.json' with { type: 'json' }
import shellDe from '#messages/shell.de.json' with { type: 'json' }
import shellEn from '#messages/shell.en.json' with { type: 'json' }
import teamDe from '#messages/team.de.json' with { type: 'json' }
import teamEn from '#messages/team.en.json' with { type: 'json' }
import verdictsDe from '#messages/verdicts.de.json' with { type: 'json' }
import verdictsEn from '#messages/verdicts.en.json' with { type: 'json' }
import webhooksDe from '#messages/webhooks.de.json' with { type: 'json' }
import webhooksEn from '#messages/webhooks.en.json' with { type: 'json' }
import { log } from './log.ts'

export type Language = 'en' | 'de'

const en = {
  pages: pagesEn,
  verdicts: verdictsEn,
  report: reportEn,
  mail: mailEn,
  contact: contactEn,
  freeze: freezeEn,
  keys: keysEn,
  look: lookEn,
  profiles: profilesEn,
  requests: requestsEn,
  shell: shellEn,
  fault: faultEn,
  audit: auditEn,
  case: caseEn,
  replies: repliesEn,
  team: teamEn,
  board: boardEn,
  end: endEn,
  webhooks: webhooksEn,
}

const de = {
  pages: pagesDe,
  verdicts: verdictsDe,
  report: reportDe,
  mail: mailDe,
  contact: contactDe,
  freeze: freezeDe,
  keys: keysDe,
  look: lookDe,
  profiles: profilesDe,
  requests: requestsDe,
  shell: shellDe,
  fault: faultDe,
  audit: auditDe,
  case: caseDe,
  replies: repliesDe,
  team: teamDe,
  board: boardDe,
  end: endDe,
  webhooks: webhooksDe,
}

/** Every message. Each language must fit the type of the other: a key that only one has fails the build. */
export const allMessages: Record<Language, typeof en & typeof de> = { en, de }

export type Words = (key: string, values?: Record<string, string | number>) => string

const translators = new WeakMap<object, Words>()

/** The words of one language, e.g. `words('de')('pages.form.submit')`. */
export function words(language: Language): Words {
  return wordsOf(allMessages, language)
}

/** The same for messages of somebody's own, such as a provider's guide. */
export function wordsOf(messages: Record<Language, object>, language: Language): Words {
  const known = translators.get(messages[language])
  if (known) return known
  const translator = (createTranslator as typeof CreateTranslator)({
    locale: language,
    messages: messages[language] as never,
    timeZone: 'UTC',
    onError: () => {},
    getMessageFallback: ({ key, error }) => standIn(language, key, error),
  }) as unknown as Words
  translators.set(messages[language], translator)
  return translator
}

/**
 * What stands where a message or one of its values is missing. A served page with one odd line is better than none,
 * so there it is the key, and the log tells; a letter cannot be taken back, and development should stop.
 */
function standIn(language: Language, key: string, error: Error): string {
  const isServed = process.env.NODE_ENV === 'production'
  if (!isServed || key.startsWith('mail.')) throw error
  log.error('words.missing', error, { reason: `${language} ${key}` })
  return key
}
