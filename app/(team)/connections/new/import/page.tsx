import type { Route } from 'next'
import Link from 'next/link'
import { ErrorSummary } from '#components/connect/error-summary.tsx'
import { Button } from '#components/ui/button.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { requireStaff } from '#lib/auth/session.ts'
import { listColumns, neededColumns } from '#lib/connection/read-list.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { pageWords } from '../../../../page-words.ts'
import { requesters } from '../../../sections.ts'

const faults = [
  'file_missing',
  'file_big',
  'empty',
  'not_csv',
  'column_unknown',
  'column_twice',
  'column_missing',
  'too_many',
] as const
const SHOWN_CHARACTERS_MAX = 60

type Props = { searchParams: Promise<{ fault?: string; what?: string }> }

/** Takes a list of requests, and says how to write one. */
export default async function ImportPage({ searchParams }: Props) {
  const staff = await requireStaff(...requesters)
  const t = await pageWords()
  const { fault, what } = await searchParams
  const known = faults.find((one) => one === fault)
  const shown = String(what ?? '').slice(0, SHOWN_CHARACTERS_MAX)
  const error = known && t(`requests.list.fault.${known}`, { what: shown || 'none' })
  const profiles = (await listProfiles(db(), staff)).filter(({ disabledAt }) => !disabledAt)
  const title = `${t('requests.list.title')} · ${t('fault.product')}`
  const needed = neededColumns as readonly string[]
  return (
    <>
      <title>{error ? t('requests.form.titleError', { title }) : title}</title>
      <ErrorSummary
        heading={t('requests.form.problemTitle')}
        errors={error ? [{ name: 'file', text: error }] : []}
        attempt={`${fault}${what}`}
      />
      <p>
        <Link className="link" prefetch={false} href={'/connections/new' as Route}>
          {t('requests.list.back')}
        </Link>
      </p>
      <h1 className="console-title">{t('requests.list.title')}</h1>
      <p className="mb-6 text-muted">{t('requests.list.lead')}</p>
      <form action="/connections/new/import/upload" method="post" encType="multipart/form-data" className="max-w-xl">
        <TextField
          label={t('requests.list.file')}
          hint={t('requests.list.fileHint')}
          error={error}
          name="file"
          type="file"
          accept=".csv,text/csv"
        />
        <div className="actions">
          <Button type="submit">{t('requests.list.check')}</Button>
          <a className="button-secondary" href="/connections/new/import/example" download>
            {t('requests.list.example')}
          </a>
        </div>
      </form>
      <h2 className="mt-10 font-semibold text-lg">{t('requests.list.columns')}</h2>
      <table className="rows mt-2">
        <caption className="sr-only">{t('requests.list.columns')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('requests.list.column')}</th>
            <th scope="col">{t('requests.list.meaning')}</th>
          </tr>
        </thead>
        <tbody>
          {listColumns.map((column) => (
            <tr key={column}>
              <th scope="row">{needed.includes(column) ? t('requests.list.needed', { column }) : column}</th>
              <td>{t(`requests.list.about.${column}`, { profiles: profiles.map(({ key }) => key).join(', ') })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
