import type { Route } from 'next'
import Link from 'next/link'
import { ActionDialog } from '#components/connection/action-dialog.tsx'
import { againPath, isFresh, requireStaff } from '#lib/auth/session.ts'
import { OVERLAP_HOURS_NORMAL } from '#lib/connection/integrations.ts'
import { db } from '#lib/data/database.ts'
import type { IntegrationSummary } from '#lib/data/integrations.ts'
import { listIntegrations } from '#lib/data/integrations.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { section } from '../../sections.ts'
import { endKeyAction, revokeKeyAction, rotateKeyAction } from './actions.ts'
import { KeyRow } from './key-row.tsx'

const doings = ['rotate', 'end', 'revoke'] as const
type Doing = (typeof doings)[number]
const actions = { rotate: rotateKeyAction, end: endKeyAction, revoke: revokeKeyAction } as const
const sayings = ['revoked', 'ended', 'gone'] as const

/** The team's systems that call the API: what each may do, and when it was last seen. */
export default async function KeysPage({
  searchParams,
}: {
  searchParams: Promise<{ do?: string; id?: string; said?: string }>
}) {
  const staff = await requireStaff(...section.settings.roles)
  const [integrations, canChange, language] = await Promise.all([
    listIntegrations(db(), staff),
    isFresh(),
    pageLanguage(),
  ])
  const { do: asked, id, said } = await searchParams
  const t = words(language)
  const doing = doings.find((known) => known === asked)
  const subject = integrations.find((one) => one.id === id && one.state === 'live')
  const told = sayings.find((known) => known === said)
  return (
    <>
      <title>{`${t('keys.title')} · ${t('fault.product')}`}</title>
      <p className="case-back">
        <Link className="link" prefetch={false} href={'/settings' as Route}>
          {t('keys.back')}
        </Link>
      </p>
      {canChange && doing && subject && <KeyDialog doing={doing} subject={subject} />}
      <div className="console-head">
        <div className="max-w-prose">
          <h1 className="console-title">{t('keys.title')}</h1>
          <p className="text-muted">{t('keys.lead')}</p>
        </div>
        <div className="flex flex-wrap gap-3">
          <a className="button-secondary" href="/docs/api">
            {t('keys.docs')}
          </a>
          {canChange && (
            <Link className="button-primary" prefetch={false} href={'/settings/keys/new' as Route}>
              {t('keys.new')}
            </Link>
          )}
        </div>
      </div>
      {told && (
        <p role="status" className={`notice ${told === 'gone' ? 'notice-info' : 'notice-ok'}`}>
          <span>{t(`keys.said.${told}`)}</span>
        </p>
      )}
      {!canChange && (
        <div className="card mb-6 flex flex-wrap items-center justify-between gap-3">
          <p>{t('keys.fresh')}</p>
          <Link className="button-secondary" prefetch={false} href={await againPath()}>
            {t('keys.confirm')}
          </Link>
        </div>
      )}
      {integrations.length === 0 ? (
        <p className="card">{t('keys.empty')}</p>
      ) : (
        <table className="rows">
          <caption>{t('keys.caption')}</caption>
          <thead>
            <tr>
              {['name', 'may', 'limits', 'used', 'ends'].map((name) => (
                <th key={name} scope="col">
                  {t(`keys.columns.${name}`)}
                </th>
              ))}
              {canChange && <td />}
            </tr>
          </thead>
          <tbody>
            {integrations.map((integration) => (
              <KeyRow key={integration.id} integration={integration} canChange={canChange} language={language} />
            ))}
          </tbody>
        </table>
      )}
    </>
  )

  function KeyDialog({ doing, subject }: { doing: Doing; subject: IntegrationSummary }) {
    const hours = {
      name: 'overlapHours',
      label: t('keys.dialog.rotate.hours'),
      hint: t('keys.dialog.rotate.hoursHint'),
      type: 'number' as const,
      value: String(OVERLAP_HOURS_NORMAL),
    }
    return (
      <ActionDialog
        key={doing}
        title={t(`keys.dialog.${doing}.title`, { name: subject.name })}
        lead={t(`keys.dialog.${doing}.lead`)}
        verb={t(`keys.dialog.${doing}.verb`)}
        dangerous={doing !== 'rotate'}
        fields={doing === 'rotate' ? [hours] : []}
        hidden={{ integrationId: subject.id }}
        action={actions[doing]}
        backHref="/settings/keys"
        words={{
          cancel: t('keys.dialog.cancel'),
          copy: t('keys.shown.copy'),
          copied: t('keys.shown.copied'),
          close: t('keys.shown.close'),
        }}
      />
    )
  }
}
