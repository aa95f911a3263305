import type { Route } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Button } from '#components/ui/button.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import type { CellProblem, CheckedRow } from '#lib/connection/import-requests.ts'
import { checkList, isDuplicate } from '#lib/connection/import-requests.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import type { Words } from '#lib/words.ts'
import { pageWords } from '../../../../../page-words.ts'
import { requesters } from '../../../../sections.ts'
import { sendListAction } from './actions.ts'

type Props = {
  params: Promise<{ importId: string }>
  searchParams: Promise<{ said?: string; sent?: string; skipped?: string; failed?: string }>
}

/** The dry run of a list: what is wrong with it, or what would be sent, and the button that sends it. */
export default async function CheckedListPage({ params, searchParams }: Props) {
  const staff = await requireStaff(...requesters)
  const { importId } = await params
  const rows = await checkList(staff, importId)
  if (!rows) notFound()
  const t = await pageWords()
  const bad = rows.filter(({ problems, sent }) => problems.length > 0 && !sent)
  const title = `${t('requests.list.checkTitle')} · ${t('fault.product')}`
  return (
    <>
      <title>{bad.length > 0 ? t('requests.form.titleError', { title }) : title}</title>
      <p>
        <Link className="link" prefetch={false} href={'/connections/new/import' as Route}>
          {t('requests.list.another')}
        </Link>
      </p>
      <h1 className="console-title">{t('requests.list.checkTitle')}</h1>
      <Said t={t} said={await searchParams} />
      {bad.length > 0 ? (
        <BadRows
          t={t}
          rows={bad}
          profiles={(await listProfiles(db(), staff)).filter(({ disabledAt }) => !disabledAt).map(({ key }) => key)}
        />
      ) : (
        <SendForm t={t} rows={rows} action={sendListAction.bind(null, importId)} />
      )}
      {rows.length > bad.length && <GoodRows t={t} rows={rows.filter((row) => !bad.includes(row))} />}
    </>
  )
}

function Said({ t, said }: { t: Words; said: Awaited<Props['searchParams']> }) {
  if (said.said === 'bad')
    return (
      <p role="alert" className="notice notice-error mb-6">
        {t('requests.list.badRows')}
      </p>
    )
  if (!said.sent) return null
  const [sent, skipped, failed] = [said.sent, said.skipped, said.failed].map((count) => Math.trunc(Number(count)) || 0)
  return (
    <p role="status" className={`notice mb-6 ${failed ? 'notice-warn' : 'notice-ok'}`}>
      {t('requests.list.said', { sent: sent ?? 0, skipped: skipped ?? 0, failed: failed ?? 0 })}
    </p>
  )
}

function BadRows({ t, rows, profiles }: { t: Words; rows: CheckedRow[]; profiles: string[] }) {
  const say = ({ column, problem, typed }: CellProblem) => {
    const fault = t(`requests.problem.${problem}`, { label: column, typed, profiles: profiles.join(', ') })
    if (column === 'extra') return fault
    const told =
      typed && problem !== 'profile' && problem !== 'profile_disabled' ? ` ${t('requests.list.typed', { typed })}` : ''
    return `${t('requests.list.badCell', { column, problem: fault })}.${told}`
  }
  return (
    <section role="alert" aria-labelledby="bad" className="notice notice-error mb-8">
      <h2 id="bad" className="notice-title">
        {t('requests.list.badTitle', { count: rows.length })}
      </h2>
      <p>{t('requests.list.badText')}</p>
      <dl className="mt-3 space-y-3">
        {rows.map((row) => (
          <div key={row.line}>
            <dt className="font-semibold">
              {t('requests.list.badLine', { line: row.line })} <bdi>{row.customer}</bdi>
            </dt>
            {row.problems.map((problem) => (
              <dd key={problem.column} className="wrap-anywhere ps-4">
                <bdi>{say(problem)}</bdi>
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  )
}

function SendForm({ t, rows, action }: { t: Words; rows: CheckedRow[]; action: (form: FormData) => Promise<void> }) {
  const open = rows.filter(({ sent }) => !sent)
  const doubles = open.filter(isDuplicate).length
  if (open.length === 0) return <p className="card mb-8">{t('requests.list.nothing')}</p>
  return (
    <form action={action} className="mb-8">
      {doubles > 0 && (
        <label className="choice">
          <input type="checkbox" name="duplicatesToo" value="yes" />
          <span>{t('requests.list.duplicatesToo', { count: doubles })}</span>
        </label>
      )}
      <div className="actions">
        <Button type="submit">{t('requests.list.send', { count: open.length - doubles || open.length })}</Button>
      </div>
    </form>
  )
}

function GoodRows({ t, rows }: { t: Words; rows: CheckedRow[] }) {
  const columns = ['customer', 'contact_name', 'contact_email', 'profile'] as const
  return (
    <section aria-labelledby="good">
      <h2 id="good" className="font-semibold text-lg">
        {t('requests.list.goodTitle')}
      </h2>
      <table className="rows mt-2">
        <caption>{t('requests.list.goodCount', { count: rows.length })}</caption>
        <thead>
          <tr>
            <th scope="col">{t('requests.list.line')}</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            <th scope="col">{t('requests.list.state')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.line}>
              <td data-label={t('requests.list.line')}>{row.line}</td>
              <th scope="row">
                <bdi>{row.customer}</bdi>
              </th>
              <td data-label="contact_name">
                <bdi>{row.contactName}</bdi>
              </td>
              <td data-label="contact_email">
                <bdi>{row.contactEmail}</bdi>
              </td>
              <td data-label="profile">{row.profile}</td>
              <td data-label={t('requests.list.state')}>{stateOf(t, row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function stateOf(t: Words, { sent, duplicates, duplicateLine }: CheckedRow): string {
  if (sent) return t('requests.list.sentState', { reference: sent.reference })
  const [first] = duplicates
  if (first) return t('requests.list.duplicateOpen', { reference: first.reference })
  if (duplicateLine) return t('requests.list.duplicateLine', { line: duplicateLine })
  return t('requests.list.ready')
}
