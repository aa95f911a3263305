import { StatusBadge } from '#components/ui/status-badge.tsx'
import type { Staff } from '#lib/actor.ts'
import type { CaseAction } from '#lib/connection/case-action.ts'
import { caseActionOf, takesLink } from '#lib/connection/case-action.ts'
import { turnOf } from '#lib/connection/status.ts'
import type { Case } from '#lib/data/case.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { CaseBase } from './actions.ts'
import { isSharedBefore, StepLink } from './case-cards.tsx'
import type { Doing } from './case-dialog.tsx'

type Step = { doing: Doing; label: string }

/** What each action opens, the wished one first. */
const steps: Record<Exclude<CaseAction, 'continue_draft' | 'none'>, Step[]> = {
  correct_address: [
    { doing: 'address', label: 'correct_address' },
    { doing: 'propose', label: 'propose_address' },
  ],
  send_again: [{ doing: 'resend', label: 'send_again' }],
  decide_same_token: [
    { doing: 'accept', label: 'accept_same' },
    { doing: 'refuse', label: 'refuse' },
  ],
  decide_limits: [
    { doing: 'accept', label: 'accept_limits' },
    { doing: 'refuse', label: 'refuseLimits' },
  ],
  change_company: [{ doing: 'company', label: 'change_company' }],
  check_now: [{ doing: 'check', label: 'check_now' }],
}

/** Which of the steps are for whoever answers for the customer, not for support; and which for support alone. */
const NOT_FOR_SUPPORT: readonly Doing[] = ['address', 'accept', 'refuse', 'company']
const FOR_SUPPORT: readonly Doing[] = ['propose']

/** Whose connection it is, where it stands, whose turn it is, and the one thing to do about it. */
export function CaseHeader({
  subject,
  staff,
  base,
  language,
  title,
}: {
  subject: Case
  staff: Staff
  base: CaseBase
  language: Language
  title: string
}) {
  const t = words(language)
  const { connection, handOverId } = subject
  const { status, verdictCode } = connection
  return (
    <header className="case-header">
      <div className="space-y-2">
        <h1 className="font-semibold text-2xl">
          <bdi>{title}</bdi>
        </h1>
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <StatusBadge status={status} verdict={verdictCode}>
            {t(`board.status.${status}`)}
          </StatusBadge>
          {isSharedBefore(connection) && <span className="badge badge-warn">{t('case.adopted.badge')}</span>}
          <span>{t(`case.turn.${turnOf(status, verdictCode)}`)}</span>
        </p>
      </div>
      <MainAction />
    </header>
  )

  function MainAction() {
    if (handOverId && takesLink(status)) return <HandOver id={handOverId} />
    const action = caseActionOf({ status, verdictCode, connectedBefore: connection.connectedAt !== null })
    if (action === 'none') return <p className="case-next text-muted">{t(`case.none.${noneOf()}`)}</p>
    if (action === 'continue_draft')
      return (
        <a className="button-primary" href={`/connections/new?draft=${connection.requestId}`}>
          {t('case.action.continue_draft')}
        </a>
      )
    const fitting = steps[action].filter(
      ({ doing }) => !(staff.role === 'support' ? NOT_FOR_SUPPORT : FOR_SUPPORT).includes(doing),
    )
    return (
      <p className="case-next">
        {fitting.map(({ doing, label }, index) => (
          <StepLink
            key={doing}
            base={base}
            connectionId={connection.id}
            doing={doing}
            label={t(`case.action.${label}`)}
            main={index === 0}
          />
        ))}
      </p>
    )
  }

  /** Somebody else wants to take over: until a manager says yes or no, nothing else is next. */
  function HandOver({ id }: { id: string }) {
    if (staff.role === 'support') return <p className="case-next text-muted">{t('case.handOver.support')}</p>
    return (
      <p className="case-next">
        <a className="button-primary" href={`/hand-overs/${id}`}>
          {t('case.handOver.decide')}
        </a>
      </p>
    )
  }

  function noneOf(): string {
    return status in { queued: 1, connected_limited: 1, closed: 1, closed_unproven: 1 } ? status : 'connected'
  }
}
