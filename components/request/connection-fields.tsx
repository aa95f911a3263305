import { TextField } from '#components/ui/text-field.tsx'
import { fieldsOf, usualProvider } from '#lib/providers/fields.ts'
import type { TypedConnection } from './field-name.ts'
import { fieldName } from './field-name.ts'

/** What every field of the form is given: its name, and its words by the name of the label. */
export type FieldProps = (
  name: string,
  label: string,
) => { name: string; label: string; hint: string | undefined; error: string | undefined; autoComplete: 'off' }

/** The optional fields that each connection of a request has for itself. */
export function ConnectionFields({
  field,
  index,
  typed,
}: {
  field: FieldProps
  index: number
  typed: TypedConnection | undefined
}) {
  const named = (name: Parameters<typeof fieldName>[0]) => ({
    ...field(fieldName(name, index), name),
    defaultValue: typed?.[name],
  })
  return (
    <>
      <TextField {...named('expectedDomain')} suffix={fieldsOf(usualProvider).addressSuffix} />
      <TextField {...named('startDate')} type="date" />
      <TextField {...named('connectionName')} />
      <TextField {...named('externalId')} />
    </>
  )
}
