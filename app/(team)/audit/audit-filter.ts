import type { AuditFilter } from '#lib/data/audit-log.ts'
import { allMessages } from '#lib/words.ts'

/** The filter as it stands in the address, so that it can be shared and the back button works. */
export type AuditSearch = {
  person?: string
  action?: string
  object?: string
  from?: string
  until?: string
  before?: string
}

/** Every action that has words, in the order of its group. */
export const auditActions: string[] = Object.entries(allMessages.en.audit.actions).flatMap(([group, names]) =>
  Object.keys(names).map((name) => `${group}.${name}`),
)

const ID = /^[a-z]{3,10}(_[0-9a-z]{1,40})?$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** What is not understood filters nothing. */
export function readFilter(search: AuditSearch): AuditFilter {
  const until = dayOf(search.until)
  return {
    actorId: idOf(search.person),
    action: auditActions.find((known) => known === search.action) ?? null,
    objectId: idOf(search.object?.trim()),
    from: dayOf(search.from),
    until: until && new Date(until.getTime() + DAY_MS),
  }
}

function idOf(text: string | undefined): string | null {
  return text && ID.test(text) ? text : null
}

function dayOf(text: string | undefined): Date | null {
  const day = text && DAY.test(text) ? new Date(`${text}T00:00:00Z`) : null
  return day && !Number.isNaN(day.getTime()) ? day : null
}

/** The address of the same filter, without the place in the list. */
export function filterQuery(search: AuditSearch): string {
  const { before: _, ...kept } = search
  const set = Object.entries(kept).filter(([name, value]) => name in known && typeof value === 'string' && value !== '')
  return new URLSearchParams(set as [string, string][]).toString()
}

const known = { person: 1, action: 1, object: 1, from: 1, until: 1 }
