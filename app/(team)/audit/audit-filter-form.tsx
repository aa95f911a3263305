import { TextField } from '#components/ui/text-field.tsx'
import type { Member } from '#lib/data/staff.ts'
import type { Language } from '#lib/words.ts'
import { allMessages, words } from '#lib/words.ts'
import type { AuditSearch } from './audit-filter.ts'
import { auditActions } from './audit-filter.ts'

/** What is not staff acts under its own name. */
const machines = ['watcher', 'operator'] as const

export function AuditFilterForm({
  search,
  members,
  language,
}: {
  search: AuditSearch
  members: Member[]
  language: Language
}) {
  const t = words(language)
  return (
    // A filter belongs into the address: nothing in it is secret.
    <form action="/audit" method="get" className="audit-filter">
      <div className="field">
        <label className="field-label" htmlFor="person">
          {t('audit.person')}
        </label>
        <select id="person" name="person" defaultValue={search.person ?? ''} className="field-input">
          <option value="">{t('audit.anybody')}</option>
          {members.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          {machines.map((name) => (
            <option key={name} value={name}>
              {t(`case.actors.${name}`)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label className="field-label" htmlFor="action">
          {t('audit.action')}
        </label>
        <select id="action" name="action" defaultValue={search.action ?? ''} className="field-input">
          <option value="">{t('audit.anything')}</option>
          {Object.keys(allMessages.en.audit.actions).map((group) => (
            <optgroup key={group} label={t(`audit.groups.${group}`)}>
              {auditActions
                .filter((action) => action.startsWith(`${group}.`))
                .map((action) => (
                  <option key={action} value={action}>
                    {t(`audit.actions.${action}`)}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </div>
      <TextField name="object" label={t('audit.objectId')} defaultValue={search.object} autoComplete="off" />
      <TextField name="from" type="date" label={t('audit.from')} defaultValue={search.from} />
      <TextField name="until" type="date" label={t('audit.until')} defaultValue={search.until} />
      <p className="flex flex-wrap items-center gap-3">
        <button type="submit" className="button-secondary">
          {t('audit.filter')}
        </button>
        <a className="link" href="/audit">
          {t('audit.clear')}
        </a>
      </p>
    </form>
  )
}
