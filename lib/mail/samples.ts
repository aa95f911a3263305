import 'server-only'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { MailBrand } from './layout.ts'
import type { Letter, LetterName, LetterParams } from './letters.ts'
import { letter, letterNames } from './letters.ts'
import type { TeamNotice } from './team-letters.ts'
import { digestLetter, noticeLetter, teamNotices, testLetter } from './team-letters.ts'

/** The letters of a team, to look at. Made-up people; the link is none. */
export type SampleName = LetterName | TeamNotice | 'manager_digest' | 'test_mail'

export const sampleNames: readonly SampleName[] = [...letterNames, ...teamNotices, 'manager_digest', 'test_mail']

export function isSampleName(name: string): name is SampleName {
  return (sampleNames as readonly string[]).includes(name)
}

type Team = { name: string; team: string; origin: string; brand?: MailBrand }

export function sampleLetter(name: SampleName, team: Team, language: Language): Letter {
  const written = write(name, team, language)
  return { ...written, subject: `[${language.toUpperCase()}] ${written.subject}` }
}

function isTeamNotice(name: SampleName): name is TeamNotice {
  return (teamNotices as readonly string[]).includes(name)
}

function write(name: SampleName, team: Team, language: Language): Letter {
  const page = `${team.origin}/connections`
  if (name === 'test_mail') return testLetter(team, language)
  if (name === 'manager_digest') {
    const items = letterNames.slice(-3).map((item) => ({ subject: write(item, team, language).subject, page }))
    return digestLetter({ ...team, items, count: 12 }, language)
  }
  const { date, reason, ...params } = sampleParams(team, language)
  if (name === 'outage_notice')
    return noticeLetter(name, { ...team, what: 'Pipedrive', date, reason: outageReason(language), page }, language)
  if (name === 'webhook_off_notice') {
    const reason = words(language)('webhooks.offReasons.failing')
    return noticeLetter(name, { ...team, what: 'Nightly sync', date, reason, page }, language)
  }
  if (isTeamNotice(name))
    return noticeLetter(name, { ...team, what: texts[language].what, who: 'Maria Lopez', date, reason, page }, language)
  return letter(name, { ...params, date, reason }, language)
}

function outageReason(language: Language): string {
  return words(language)('team.outage.reason.unanswered')
}

const texts = {
  en: {
    project: 'Sales sync',
    title: 'Pipedrive did not accept this token',
    reason: 'Somebody else does this',
    note: 'Could you do this today?',
    what: 'the customer Acme',
  },
  de: {
    project: 'Vertriebsabgleich',
    title: 'Pipedrive hat dieses Token nicht angenommen',
    reason: 'Jemand anderes ist dafür zuständig',
    note: 'Können Sie das heute erledigen?',
    what: 'den Kunden Acme',
  },
} as const

function sampleParams(team: Team, language: Language): LetterParams {
  const { project, title, reason, note } = texts[language]
  return {
    ...team,
    contact: 'Maria Lopez',
    customer: 'Acme',
    project,
    reference: 'KTR-482',
    link: `${team.origin}/l/sample`,
    linkEnds: language === 'de' ? '3. Dez. 2026, 14:02 UTC' : '3 Dec 2026, 14:02 UTC',
    lastDay: language === 'de' ? '3. Dezember 2026' : '3 December 2026',
    connection: 'Acme sales',
    company: 'Acme Ltd',
    owner: 'Jane Miller',
    date: language === 'de' ? '19. Nov. 2026, 14:02 UTC' : '19 Nov 2026, 14:02 UTC',
    title,
    turn: 'customer',
    colleague: 'Omar Haddad',
    address: 'omar@acme.example',
    reason,
    note,
    stopPage: `${team.origin}/reminders/sample`,
    page: `${team.origin}/connections`,
  }
}
