/** Reading an OpenAPI document of ours for people: flat lists instead of nested schemas. */

type Json = Record<string, unknown>

export type Field = { name: string; type: string; required: boolean; text: string }

type Schema = {
  $ref?: string
  type?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  description?: string
  default?: unknown
  additionalProperties?: unknown
}

/** The members of a schema, those of its members behind them: `connections[].status`. */
export function fieldsOf(document: Json, schema: unknown, prefix = ''): Field[] {
  const { properties = {}, required = [] } = resolve(document, schema as Schema)
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${prefix}${name}`
    const inner = innerOf(document, member)
    const own = {
      name: path,
      type: typeOf(document, member),
      required: required.includes(name),
      text: textOf(member),
    }
    return [own, ...(inner ? fieldsOf(document, inner.schema, `${path}${inner.mark}`) : [])]
  })
}

/** What a value may be, in a few words. */
export function typeOf(document: Json, schema: unknown): string {
  const { type, enum: values, anyOf, items, const: only } = resolve(document, schema as Schema)
  if (anyOf) return anyOf.map((one) => typeOf(document, one)).join(' | ')
  if (items) return `${typeOf(document, items)}[]`
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  return only === undefined ? (type ?? 'any') : JSON.stringify(only)
}

function textOf({ description, default: usual }: Schema): string {
  return [description, usual === undefined ? null : `Default: \`${JSON.stringify(usual)}\`.`].filter(Boolean).join(' ')
}

function innerOf(document: Json, schema: Schema): { schema: Schema; mark: string } | null {
  const here = resolve(document, schema)
  if (here.properties) return { schema: here, mark: '.' }
  if (here.items) {
    const items = resolve(document, here.items)
    return items.properties ? { schema: items, mark: '[].' } : null
  }
  const inner = here.anyOf?.map((one) => resolve(document, one)).find(({ properties }) => properties)
  return inner ? { schema: inner, mark: '.' } : null
}

function resolve(document: Json, schema: Schema): Schema {
  if (!schema.$ref) return schema
  const found = schema.$ref
    .replace('#/', '')
    .split('/')
    .reduce<unknown>((at, part) => (at as Json)[part], document)
  return resolve(document, found as Schema)
}
