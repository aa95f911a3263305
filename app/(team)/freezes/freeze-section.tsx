import type { DialogField } from '#components/connection/action-dialog.tsx'
import { ActionDialog } from '#components/connection/action-dialog.tsx'
import { Moment } from '#components/ui/moment.tsx'
import type { Staff } from '#lib/actor.ts'
import { freezeFacts, frozenWords, mayThaw } from '#lib/connection/freeze.ts'
import { REASON_LENGTH_MAX } from '#lib/connection/reason.ts'
import { db } from '#lib/data/database.ts'
import type { Freeze } from '#lib/data/freezes.ts'
import { listFreezes } from '#lib/data/freezes.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { FreezeBase } from './actions.ts'
import { freezeCustomerAction, freezeTeamAction, thawAction } from './actions.ts'

const doings = ['freeze_team', 'freeze_customer', 'thaw'] as const
type Doing = (typeof doings)[number]

const actions = {
  freeze_team: freezeTeamAction,
  freeze_customer: freezeCustomerAction,
  thaw: thawAction,
} as const satisfies Record<Doing, unknown>

/** What the address of the page may say about the emergency stop. */
export type FreezeSearch = { do?: string; freeze?: string; handOff?: string }

/** The emergency stop: for the team or a customer, what is stopped now, and how it goes on. */
export async function FreezeSection({
  staff,
  base,
  search,
  language,
}: {
  staff: Staff
  base: FreezeBase
  search: FreezeSearch
  language: Language
}) {
  const t = words(language)
  const freezes = await listFreezes(db(), staff)
  const isTeamFrozen = freezes.some(({ scope }) => scope === 'team')
  const said = (['frozen', 'thawed'] as const).find((known) => known === search.handOff)
  return (
    <section aria-labelledby="hand-off" className="mt-10 space-y-4">
      <div>
        <h2 id="hand-off" className="font-semibold text-lg">
          {t('freeze.section.title')}
        </h2>
        <p className="max-w-prose text-muted">{t('freeze.section.lead')}</p>
      </div>
      {said && (
        <p role="status" className="notice notice-ok">
          <span>{t(`freeze.said.${said}`)}</span>
        </p>
      )}
      <p className="flex flex-wrap gap-3">
        {!isTeamFrozen && <Step doing="freeze_team" label={t('freeze.section.team')} />}
        <Step doing="freeze_customer" label={t('freeze.section.customer')} />
      </p>
      {freezes.length === 0 ? <p className="card">{t('freeze.section.none')}</p> : <Frozen />}
      <Dialog />
    </section>
  )

  function Step({ doing, label }: { doing: Doing; label: string }) {
    return (
      <a id={`do-${doing}`} className="button-secondary button-danger" href={`/${base}?do=${doing}`}>
        {label}
      </a>
    )
  }

  function Frozen() {
    const column = (name: string) => t(`freeze.section.${name}`)
    return (
      <table className="rows">
        <caption>{column('list')}</caption>
        <thead>
          <tr>
            {['what', 'since', 'who', 'why'].map((name) => (
              <th key={name} scope="col">
                {column(name)}
              </th>
            ))}
            {mayThaw(staff) && <td />}
          </tr>
        </thead>
        <tbody>
          {freezes.map((freeze) => (
            <Row key={freeze.id} freeze={freeze} />
          ))}
        </tbody>
      </table>
    )
  }

  function Row({ freeze }: { freeze: Freeze }) {
    const { what, who, reason } = freezeFacts(freeze, language)
    return (
      <tr>
        <th scope="row">
          {freeze.scope === 'connection' ? (
            <a className="link" href={`/connections/${freeze.objectId}`}>
              <bdi>{what}</bdi>
            </a>
          ) : (
            <bdi>{what}</bdi>
          )}
        </th>
        <td data-label={t('freeze.section.since')}>
          <Moment at={freeze.startedAt.toISOString()} language={language} />
        </td>
        <td data-label={t('freeze.section.who')}>
          <bdi>{who}</bdi>
        </td>
        <td data-label={t('freeze.section.why')} className="wrap-anywhere">
          <bdi>{reason}</bdi>
        </td>
        {mayThaw(staff) && (
          <td>
            <a className="button-secondary whitespace-nowrap" href={`/${base}?do=thaw&freeze=${freeze.id}`}>
              {t('freeze.section.thaw')} <span className="sr-only">{what}</span>
            </a>
          </td>
        )}
      </tr>
    )
  }

  function Dialog() {
    const doing = doings.find((known) => known === search.do)
    const subject = freezes.find(({ id }) => id === search.freeze)
    if (!doing || (doing === 'thaw' && (!subject || !mayThaw(staff)))) return null
    const what = subject ? frozenWords(subject, language) : ''
    return (
      <ActionDialog
        key={doing}
        title={t(`freeze.dialog.${doing}.title`, { what })}
        lead={t(`freeze.dialog.${doing}.lead`, { what })}
        verb={t(`freeze.dialog.${doing}.verb`, { what })}
        fields={fieldsOf(doing)}
        hidden={{ freezeId: subject?.id ?? '' }}
        action={actions[doing].bind(null, base)}
        backHref={`/${base}#hand-off`}
        words={{
          cancel: t('case.form.cancel'),
          copy: t('case.shown.copy'),
          copied: t('case.shown.copied'),
          close: t('case.shown.close'),
        }}
      />
    )
  }

  function fieldsOf(doing: Doing): DialogField[] {
    const reason = { name: 'reason', hint: t('case.form.reasonHint'), maxLength: REASON_LENGTH_MAX }
    if (doing === 'thaw') return [{ ...reason, label: t('case.form.reasonOptional') }]
    const customer = { name: 'customer', label: t('freeze.form.customer'), hint: t('freeze.form.customerHint') }
    return [...(doing === 'freeze_customer' ? [customer] : []), { ...reason, label: t('case.form.reason') }]
  }
}
