import 'server-only'
import { holdsSecret } from '#lib/providers/fields.ts'

/** What a contact writes to us in their own words; `secret`: it holds a token or a password and is not taken. */
export type TypedWords = { kind: 'ok'; text: string } | { kind: 'empty' } | { kind: 'too_long' } | { kind: 'secret' }

/** Checked before anything else is done with it: a token in the wrong box is neither kept nor mailed. */
export function checkWords(typed: string, { lengthMax }: { lengthMax: number }): TypedWords {
  const text = typed.replace(/\r\n?/g, '\n').trim()
  if (text === '') return { kind: 'empty' }
  if (holdsSecret(text)) return { kind: 'secret' }
  return text.length > lengthMax ? { kind: 'too_long' } : { kind: 'ok', text }
}
