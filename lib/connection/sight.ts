import 'server-only'
import type { Verification } from '#lib/data/verifications.ts'
import { formatStartDate } from '#lib/format.ts'
import type { Evidence } from '#lib/providers/provider.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

const AMOUNTS: Partial<Record<Evidence, 'none' | 'some' | 'more'>> = {
  read_none: 'none',
  read_some: 'some',
  read_more: 'more',
}

export type Sight = { sentence: string; hint: string | null }

/**
 * What the token sees of what changed since the start date: lists have no totals, so no more than "none", "at least one"
 * and "more than one". Null when no list was read. Nothing to see is no refusal, and is never called one.
 */
export function describeSight(seen: Pick<Verification, 'report' | 'since'> | null, language: Language): Sight | null {
  const t = words(language)
  const amounts = (seen?.report ?? []).flatMap(({ capability, evidence }) => {
    const amount = AMOUNTS[evidence]
    return amount ? [{ amount, text: t(`report.sees.${capability}.${amount}`) }] : []
  })
  if (amounts.length === 0) return null
  const textOf = (isNone: boolean) =>
    amounts.flatMap(({ amount, text }) => (isNone === (amount === 'none') ? [text] : [])).join(', ')
  const list = [textOf(false), textOf(true)].filter(Boolean).join('; ')
  const hasNone = amounts.some(({ amount }) => amount === 'none')
  return {
    sentence: seen?.since
      ? t('report.sees.since', { date: formatStartDate(seen.since, language), list })
      : t('report.sees.everything', { list }),
    hint: hasNone ? t(seen?.since ? 'report.sees.noneSince' : 'report.sees.none') : null,
  }
}
