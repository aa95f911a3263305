import { OwnerCard } from '#components/connect/owner-card.tsx'
import type { Verification } from '#lib/data/verifications.ts'
import { addressOf } from '#lib/providers/fields.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

type Reader = { provider: string; language: Language }

export type OwnerFacts = { title: string; facts: { label: string; value: string; strong?: boolean }[] }

/** The one thing that differs from what was expected. */
const DIFFERS: Partial<Record<VerdictCode, 'person' | 'company' | 'admin'>> = {
  COMPANY_MISMATCH: 'company',
  WRONG_ACCOUNT: 'company',
  USER_MISMATCH: 'person',
  USER_INACTIVE: 'person',
  NOT_ADMIN: 'admin',
}

/** "This token belongs to": person, mail, company, address, admin; what differs is marked. */
export function OwnerDetails({ connection, seen }: { connection: Reader; seen: Verification | null }) {
  const owner = ownerFactsOf(connection, seen)
  return owner && <OwnerCard {...owner} />
}

/** Null where the check did not learn whose token it is. */
export function ownerFactsOf({ provider, language }: Reader, seen: Verification | null): OwnerFacts | null {
  const t = words(language)
  const owner = seen?.owner
  if (!owner) return null
  const strong = DIFFERS[seen.verdictCode]
  const address = owner.companyDomain ? addressOf(provider, owner.companyDomain) : '–'
  return {
    title: t('pages.confirm.owner'),
    facts: [
      { label: t('pages.confirm.person'), value: owner.userName ?? owner.userId, strong: strong === 'person' },
      { label: t('pages.confirm.email'), value: owner.userEmail ?? '–' },
      {
        label: t('pages.confirm.company'),
        value: owner.companyName ?? owner.companyId,
        strong: strong === 'company',
      },
      { label: t('pages.confirm.address'), value: address, strong: strong === 'company' },
      {
        label: t('pages.confirm.admin'),
        value: t(owner.accountAdmin ? 'pages.confirm.yes' : 'pages.confirm.no'),
        strong: strong === 'admin',
      },
    ],
  }
}
