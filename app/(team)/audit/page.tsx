import { Button } from '#components/ui/button.tsx'
import { againPath, isFresh, requireStaff } from '#lib/auth/session.ts'
import { viewAudit } from '#lib/connection/audit.ts'
import { db } from '#lib/data/database.ts'
import { listMembers } from '#lib/data/staff.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import { OlderLinks } from '../connections/[connectionId]/case-lists.tsx'
import { readCursor } from '../connections/[connectionId]/case-search.ts'
import { section } from '../sections.ts'
import type { AuditSearch } from './audit-filter.ts'
import { filterQuery, readFilter } from './audit-filter.ts'
import { AuditFilterForm } from './audit-filter-form.tsx'
import { AuditTable } from './audit-table.tsx'

/** M8: everything that changed something. Looking at it is written down as well. */
export default async function AuditPage({ searchParams }: { searchParams: Promise<AuditSearch> }) {
  const staff = await requireStaff(...section.audit.roles)
  const search = await searchParams
  const before = readCursor(search.before)
  const [{ rows, next }, members, language, mayExport] = await Promise.all([
    viewAudit(staff, { filter: readFilter(search), before }),
    listMembers(db(), staff),
    pageLanguage(),
    isFresh(),
  ])
  const t = words(language)
  const query = filterQuery(search)
  return (
    <>
      <title>{`${t('audit.title')} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{t('audit.title')}</h1>
      <p className="text-muted">
        {t('audit.lead')} {t('audit.utc')}
      </p>
      <AuditFilterForm search={search} members={members} language={language} />
      {rows.length === 0 ? <p className="card">{t('audit.empty')}</p> : <AuditTable rows={rows} language={language} />}
      <div className="mt-4 flex flex-wrap items-center justify-between gap-4">
        <OlderLinks base={query ? `/audit?${query}` : '/audit'} before={before} next={next} language={language} />
        <Export />
      </div>
    </>
  )

  async function Export() {
    if (!mayExport)
      return (
        <p className="flex flex-wrap items-center gap-3">
          <span>{t('audit.fresh')}</span>
          <a className="button-secondary" href={await againPath()}>
            {t('audit.confirm')}
          </a>
        </p>
      )
    return (
      <form method="post" action={`/audit/export?${query}`} className="flex flex-wrap items-center gap-3">
        <span className="text-muted text-sm">{t('audit.exportHint')}</span>
        <Button type="submit" className="button-quiet">
          {t('audit.export')}
        </Button>
      </form>
    )
  }
}
