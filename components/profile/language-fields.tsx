import { TextField } from '#components/ui/text-field.tsx'
import type { TypedProfile } from '../../app/(team)/profiles/typed.ts'

const fields = ['name', 'purpose', 'exceptions', 'adminReason'] as const

/** What people read of the profile in one language. */
export function LanguageFields({
  language,
  typed,
  problems,
  words,
}: {
  language: 'en' | 'de'
  typed: TypedProfile
  problems: Record<string, string>
  words: Record<string, string>
}) {
  return (
    <fieldset className="card mt-4">
      <legend className="font-semibold">{words[language]}</legend>
      {fields.map((field) => (
        <TextField
          key={field}
          name={`${language}.${field}`}
          lang={language}
          label={words[field] ?? ''}
          hint={words[`${field}Hint`]}
          error={problems[`${language}.${field}`]}
          autoComplete="off"
          defaultValue={typed.words[language][field]}
        />
      ))}
    </fieldset>
  )
}
