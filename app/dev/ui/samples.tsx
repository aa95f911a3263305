import type { ReactNode } from 'react'
import { BoardTable } from '#components/board/board-table.tsx'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { VerdictPanel } from '#components/connect/verdict-panel.tsx'
import { ShellPage } from '#components/ui/shell-page.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { explain } from '#lib/connection/explain.ts'
import { groupOf, type Status, statusAfter, statuses, turnOf } from '#lib/connection/status.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import { type VerdictCode, verdicts } from '#lib/providers/verdicts.ts'
import type { Language, Words } from '#lib/words.ts'
import { Receipt } from '../../(customer)/connect/[connectionId]/done/receipt.tsx'
import { CustomerView } from '../../(customer)/connect/[connectionId]/views.tsx'
import { EndedView, endedKinds } from '../../(customer)/ended-page.tsx'
import { formWords } from '../../(customer)/form-words.ts'
import { OwnerDetails } from '../../(customer)/owner-details.tsx'
import { ReportTable } from '../../(customer)/report-table.tsx'
import { DialogSample, FaultSample, FieldsSample, SessionEndSample, SummarySample } from './client-samples.tsx'
import {
  boardRows,
  endedAt,
  linkEndsAt,
  report,
  sampleConnection,
  sampleLearnt,
  sampleVerification,
} from './sample-values.ts'

export type Setting = { language: Language; t: Words; team: { id: string; name: string } }
type Sample = (setting: Setting) => ReactNode
type Standing = { status: Status; verdictCode?: VerdictCode }

/** What the gallery shows, by heading and name. Statuses, verdicts and dead links come from their own lists: all are here. */
export const samples: Record<string, Record<string, Sample>> = {
  'Customer pages': {
    'form, empty': view({ status: 'sent' }),
    'form, refused': view({ status: 'needs_customer', verdictCode: 'TOKEN_REJECTED' }),
    'form, other company': view({ status: 'needs_customer', verdictCode: 'COMPANY_MISMATCH' }),
    'form, new token needed': view({ status: 'stopped', verdictCode: 'STOPPED_WORKING' }),
    'question, limits': view({ status: 'needs_confirmation', verdictCode: 'LIMITED_ACCESS' }),
    'question, other person': view({ status: 'needs_confirmation', verdictCode: 'USER_MISMATCH' }),
    'question for the team': view({ status: 'needs_manager', verdictCode: 'ALREADY_CONNECTED' }),
    wait: view({ status: 'waiting_provider', verdictCode: 'DAILY_LIMIT' }),
    receipt: receipt({ status: 'connected', verdictCode: 'OK' }),
    'receipt with limits': receipt({ status: 'connected_limited', verdictCode: 'LIMITED_ACCESS' }),
  },
  'Links that open nothing': Object.fromEntries(
    endedKinds.map((kind) => [
      kind,
      ({ language, team }) => (
        <EndedView
          kind={kind}
          language={language}
          brand={null}
          link={{ requestId: '', endedAt: kind === 'expired' ? null : endedAt, expiresAt: linkEndsAt }}
          request={{ teamName: team.name, ownerName: 'Maria Lopez', contactEmail: 'jane@acme.example' }}
          askAction={kind === 'expired' ? askNothing : undefined}
        />
      ),
    ]),
  ),
  Verdicts: Object.fromEntries((Object.keys(verdicts) as VerdictCode[]).map((code) => [code, panel(code)])),
  Parts: {
    'every status': EveryStatus,
    'permission report': framed(({ language }) => <ReportTable language={language} rows={report} />),
    'whose token it is': framed(({ language }) => (
      <OwnerDetails connection={{ provider: usualProvider, language }} seen={sampleVerification('USER_MISMATCH')} />
    )),
    'error summary': framed(({ t }) => (
      <SummarySample
        heading={t('pages.form.problem')}
        errors={[
          { name: 'domain', text: t('verdicts.DOMAIN_MISSING.title') },
          { name: 'apiToken', text: t('verdicts.TOKEN_MISSING.title') },
        ]}
      />
    )),
    'every kind of field': framed(({ t }) => (
      <FieldsSample
        texts={{
          problem: t('contact.form.problem'),
          submit: t('pages.form.submit'),
          hint: t('pages.form.domainHint'),
        }}
      />
    )),
    'board table': (setting) => (
      <main id="main" className="console-main">
        <BoardSample {...setting} />
      </main>
    ),
    dialog: framed(({ t }) => <DialogSample texts={dialogTexts(t, 'resend')} />),
    'dialog, dangerous': framed(({ t }) => <DialogSample dangerous texts={dialogTexts(t, 'revoke')} />),
    'end of the session': framed(({ t }) => (
      <SessionEndSample
        words={{ title: t('team.frame.endsTitle'), text: t('team.frame.endsText'), link: t('team.frame.endsLink') }}
      />
    )),
    fault: () => <FaultSample />,
    'no such page': ({ t }) => (
      <ShellPage product={t('fault.product')} title={t('shell.notFound.title')} lead={t('shell.notFound.text')} />
    ),
  },
}

async function askNothing(): Promise<void> {
  'use server'
}

function view(standing: Standing): Sample {
  return ({ language, team }) => (
    <CustomerView
      connection={sampleConnection(team, language, standing)}
      learnt={sampleLearnt(standing.verdictCode ?? null)}
      endsAt={linkEndsAt}
      hasPending={standing.status !== 'sent'}
      isPreview
    />
  )
}

function receipt(standing: Standing & { verdictCode: VerdictCode }): Sample {
  return ({ language, team }) => (
    <Receipt connection={sampleConnection(team, language, standing)} learnt={sampleLearnt(standing.verdictCode)} />
  )
}

/** One part in the customer's frame. */
function framed(draw: Sample): Sample {
  return (setting) => (
    <CustomerFrame
      language={setting.language}
      teamName={setting.team.name}
      narrow
      words={{
        help: setting.t('pages.frame.help'),
        handledBy: setting.t('pages.frame.handledBy', { host: 'portal.example' }),
      }}
    >
      {draw(setting)}
    </CustomerFrame>
  )
}

function panel(code: VerdictCode): Sample {
  return framed(({ language, team, t }) => {
    const status = statusAfter(code)
    const connection = sampleConnection(team, language, { status, verdictCode: code })
    return (
      <VerdictPanel
        badge={
          <StatusBadge status={status} verdict={code}>
            {t(`pages.status.${status}`, { team: team.name })}
          </StatusBadge>
        }
        explanation={explain(code, connection, sampleVerification(code))}
        words={formWords(connection)}
      />
    )
  })
}

function EveryStatus({ t, team }: Setting) {
  return (
    <main id="main" className="p-4">
      <table className="rows">
        <thead>
          <tr>
            {['status', 'customer', 'board', 'turn', 'group'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {statuses.map((status) => (
            <tr key={status}>
              <th scope="row">{status}</th>
              <td data-label="customer">
                <StatusBadge status={status}>{t(`pages.status.${status}`, { team: team.name })}</StatusBadge>
              </td>
              <td data-label="board">
                <StatusBadge status={status}>{t(`board.status.${status}`)}</StatusBadge>
              </td>
              <td data-label="turn">{t(`board.turn.${turnOf(status, null)}`)}</td>
              <td data-label="group">{t(`board.group.${groupOf(status)}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  )
}

function BoardSample({ t }: Setting) {
  const names = ['customer', 'provider', 'status', 'turn', 'checked', 'link_end', 'owner'] as const
  const rows = boardRows(t)
  return (
    <BoardTable
      rows={rows}
      sections={null}
      columns={names.map((name) => ({ name, label: t(`board.column.${name}`) }))}
      works={[{ name: 'resend', label: t('board.do.resend') }]}
      back="/connections"
      tableWords={{
        caption: t('board.caption', { order: t('board.order.customer.asc') }),
        work: t('board.work'),
        chooseColumn: t('board.column.choose'),
        chooseAll: t('board.chooseAll'),
        chosen: Array.from({ length: rows.length + 1 }, (_, count) => t('board.chosen', { count })),
        choose: [t('board.choose', { name: '' }), ''],
        never: t('board.never'),
        noLink: t('board.noLink'),
        noOwner: t('board.noOwner'),
        nobodysRow: t('board.turns.none'),
      }}
    />
  )
}

function dialogTexts(t: Words, name: 'resend' | 'revoke'): Record<string, string> {
  const values = { contact: 'Jane Miller', email: 'jane@acme.example', customer: 'Acme' }
  return {
    title: t(`case.dialog.${name}.title`, values),
    lead: t(`case.dialog.${name}.lead`, values),
    verb: t(`case.dialog.${name}.verb`),
    reason: t('case.form.reason'),
    reasonHint: t('case.form.reasonHint'),
    cancel: t('case.form.cancel'),
    copy: t('case.shown.copy'),
    copied: t('case.shown.copied'),
    close: t('case.shown.close'),
  }
}
