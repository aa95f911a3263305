import { Moment } from '#components/ui/moment.tsx'
import type { Staff } from '#lib/actor.ts'
import { canCallOff } from '#lib/connection/call-off.ts'
import { takesLink } from '#lib/connection/case-action.ts'
import { mayFreeze } from '#lib/connection/freeze.ts'
import { canEnd } from '#lib/connection/off-board.ts'
import { isEnding } from '#lib/connection/status.ts'
import type { Case } from '#lib/data/case.ts'
import type { FreezeScope } from '#lib/data/freezes.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { CaseBase } from './actions.ts'
import { Card, StepLink } from './case-cards.tsx'
import type { Doing } from './case-dialog.tsx'

type Shown = { subject: Case; language: Language; base: CaseBase; staff: Staff }

type Step = { doing: Doing; label: string; fits: boolean }

/** The link and what can be done to it. Every step opens a dialog that says what will happen. */
export function LinkCard({ subject, language, base, staff }: Shown) {
  const cannotName = staff.role === 'support'
  const t = words(language)
  const { connection, link, visitedAt, others } = subject
  const isUsable = link?.state === 'live' || link?.state === 'grace' || link?.state === 'expired'
  const steps: Step[] = [
    { doing: 'resend', label: t('case.action.send_again'), fits: takesLink(connection.status) },
    { doing: 'copy', label: t('case.action.copy'), fits: link?.state === 'live' },
    { doing: 'extend', label: t('case.action.extend'), fits: isUsable },
    { doing: 'address', label: t('case.action.correct_address'), fits: !cannotName && connection.status !== 'draft' },
    { doing: 'propose', label: t('case.action.propose_address'), fits: cannotName && takesLink(connection.status) },
    { doing: 'backup', label: t('case.action.backup'), fits: !cannotName },
    { doing: 'revoke', label: t('case.action.revoke'), fits: isUsable },
  ]
  return (
    <Card id="link" title={t('case.link.title')}>
      {link ? <LinkFacts /> : <p>{t('case.link.none')}</p>}
      {others > 0 && <p className="text-sm">{t('case.otherConnections', { count: others })}</p>}
      <Steps steps={steps} base={base} connectionId={connection.id} />
      {cannotName && (
        <p className="text-muted text-sm">
          {t('case.supportCannot', { owner: connection.ownerName ?? connection.teamName })}
        </p>
      )}
    </Card>
  )

  function LinkFacts() {
    if (!link) return null
    const end = link.endedAt ?? link.expiresAt
    const facts = [
      { label: t('case.link.state'), value: t(`case.link.states.${link.state}`) },
      { label: t('case.link.sent'), value: <Moment at={link.createdAt.toISOString()} language={language} /> },
      {
        label: t('case.link.opened'),
        value: visitedAt ? <Moment at={visitedAt.toISOString()} language={language} /> : t('case.link.notOpened'),
      },
      {
        label: t(link.endedAt ? 'case.link.ended' : 'case.link.ends'),
        value: <Moment at={end.toISOString()} language={language} />,
      },
    ]
    return (
      <dl className="facts">
        {facts.map(({ label, value }) => (
          <div key={label} className="facts-row">
            <dt className="text-muted">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    )
  }
}

/** What can be done to the connection itself, whatever becomes of its link. Nothing where there is nothing to do. */
export function StepsCard({ subject, language, base, staff }: Shown) {
  const t = words(language)
  const { connection } = subject
  const mayEnd = staff.role !== 'support'
  // Nothing is handed off any more once the end has begun.
  const canFreeze = mayFreeze(staff) && connection.connectedAt !== null && !isEnding(connection.status)
  const isFrozen = (scope: FreezeScope) => subject.freezes.some((freeze) => freeze.scope === scope)
  const steps: Step[] = [
    { doing: 'check', label: t('case.action.check_now'), fits: connection.nextCheckAt !== null },
    { doing: 'rotate', label: t('case.action.rotate'), fits: connection.status.startsWith('connected') },
    { doing: 'close', label: t('case.action.close'), fits: mayEnd && canEnd(connection) },
    {
      doing: 'call_off',
      label: t('case.action.call_off'),
      fits: mayEnd && canCallOff(connection.status, subject.ending),
    },
    { doing: 'freeze', label: t('case.action.freeze'), fits: canFreeze && !isFrozen('connection') },
    { doing: 'freeze_customer', label: t('case.action.freeze_customer'), fits: canFreeze && !isFrozen('customer') },
  ]
  if (!steps.some(({ fits }) => fits)) return null
  return (
    <Card id="steps" title={t('case.steps')}>
      <Steps steps={steps} base={base} connectionId={connection.id} />
    </Card>
  )
}

function Steps({ steps, base, connectionId }: { steps: readonly Step[]; base: CaseBase; connectionId: string }) {
  return (
    <ul className="case-steps">
      {steps
        .filter(({ fits }) => fits)
        .map(({ doing, label }) => (
          <li key={doing}>
            <StepLink base={base} connectionId={connectionId} doing={doing} label={label} />
          </li>
        ))}
    </ul>
  )
}
