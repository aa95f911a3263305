import type { TypedConnection } from '#components/request/field-name.ts'
import { connectionFields, fieldName } from '#components/request/field-name.ts'
import type { RequestInput } from '#lib/connection/request-schema.ts'
import { typedContactName } from '#lib/connection/typed-name.ts'
import type { Draft } from '#lib/data/drafts.ts'
import { fieldsOf, usualProvider } from '#lib/providers/fields.ts'

const ownFields = [
  'customer',
  'contactEmail',
  'contactName',
  'language',
  'expiresInDays',
  'note',
  'project',
  'owner',
] as const

/** What stands in the form, as it was typed. The first connection's fields stand between the others'. */
export type Typed = Record<(typeof ownFields)[number], string> & { connections: TypedConnection[] }

export const CONNECTIONS_MAX = 20
const CHARACTERS_MAX = 4_000

export function readTyped(form: FormData): Typed {
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.slice(0, CHARACTERS_MAX) : ''
  }
  const count = Math.min(CONNECTIONS_MAX, Math.max(1, Number(text('connections')) || 1))
  const connections = Array.from({ length: count }, (_, index) => {
    const fields = connectionFields.map((field) => [field, text(fieldName(field, index))])
    return Object.fromEntries(fields) as TypedConnection
  })
  const own = Object.fromEntries(ownFields.map((field) => [field, text(field)])) as Omit<Typed, 'connections'>
  return { ...own, connections }
}

/** What was kept of a form that nobody finished; whatever is unknown in it is left out. */
export function typedOfKept(kept: Record<string, unknown>): Typed {
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, CHARACTERS_MAX) : '')
  const own = Object.fromEntries(ownFields.map((field) => [field, text(kept[field])])) as Omit<Typed, 'connections'>
  const rows = Array.isArray(kept.connections) ? kept.connections.slice(0, CONNECTIONS_MAX) : []
  const connections = rows.map(
    (row) => Object.fromEntries(connectionFields.map((field) => [field, text(row?.[field])])) as TypedConnection,
  )
  return { ...own, connections: connections.length > 0 ? connections : [emptyConnection()] }
}

/** Nothing that somebody would miss: language and owner are filled in from the start. */
export function isBlank({ language: _language, owner: _owner, connections, ...own }: Typed): boolean {
  return [...Object.values(own), ...connections.flatMap((row) => Object.values(row))].every((text) => !text.trim())
}

/** What the domain is asked for. Empty fields are left out, so that its own defaults hold. */
export function inputOf(typed: Typed): RequestInput {
  const contact = { customer: typed.customer.trim(), contact_email: typed.contactEmail.trim() }
  return {
    customer: typed.customer,
    contact: { name: typedContactName(typed.contactName, contact), email: typed.contactEmail },
    owner: typed.owner || undefined,
    language: (typed.language || undefined) as RequestInput['language'],
    project: typed.project.trim() || undefined,
    note: typed.note || undefined,
    expiresInDays: typed.expiresInDays.trim() || undefined,
    connections: typed.connections.map((connection) => ({
      provider: usualProvider,
      profile: connection.profile,
      name: connection.connectionName.trim() || undefined,
      expectedDomain: connection.expectedDomain || undefined,
      startDate: connection.startDate || undefined,
      externalId: connection.externalId || undefined,
    })),
  }
}

/** The form's field behind a path of the domain's input, e.g. `connections.1.name`. */
export function fieldOfPath(path: string): string {
  const own: Record<string, string> = { 'contact.email': 'contactEmail', 'contact.name': 'contactName' }
  const [, index, field] = /^connections\.(\d+)\.(\w+)$/.exec(path) ?? []
  if (!index || !field) return own[path] ?? path
  return fieldName((field === 'name' ? 'connectionName' : field) as (typeof connectionFields)[number], Number(index))
}

export function emptyTyped(ownerEmail: string, language: string): Typed {
  const own = Object.fromEntries(ownFields.map((field) => [field, ''])) as Omit<Typed, 'connections'>
  return { ...own, owner: ownerEmail, language, connections: [emptyConnection()] }
}

export function emptyConnection(): TypedConnection {
  return Object.fromEntries(connectionFields.map((field) => [field, ''])) as TypedConnection
}

/** A draft as its form was filled: names that were made for it are left empty again. */
export function typedOfDraft(draft: Draft, projectOf: (profile: string) => string): Typed {
  const usual = `${draft.customerName} ${fieldsOf(usualProvider).name}`.slice(0, 80)
  return {
    customer: draft.customerName,
    contactEmail: draft.contactEmail,
    contactName: draft.contactName,
    language: draft.language,
    expiresInDays: draft.linkDays === null ? '' : String(draft.linkDays),
    note: draft.note ?? '',
    project: draft.project === projectOf(draft.connections[0]?.profile ?? '') ? '' : draft.project,
    owner: draft.ownerEmail ?? '',
    connections: draft.connections.map((connection) => ({
      profile: connection.profile,
      connectionName: connection.name === usual ? '' : connection.name,
      expectedDomain: connection.expectedDomain ?? '',
      startDate: connection.startDate?.slice(0, 10) ?? '',
      externalId: connection.externalId ?? '',
    })),
  }
}
