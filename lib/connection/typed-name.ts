const NAME_MAX = 120

/**
 * How to address a contact whose name nobody typed: `jane.miller@` is Jane Miller, and anything less plain is
 * addressed by the customer's name, because "Hello Info" helps nobody.
 */
export function typedContactName(
  typed: string | undefined,
  { customer = '', contact_email: email = '' }: { customer?: string; contact_email?: string },
): string {
  if (typed?.trim()) return typed
  const parts = (email.split('@')[0] ?? '').split(/[._]/)
  const isName = parts.length > 1 && parts.every((part) => /^\p{L}{2,}(?:-\p{L}{2,})?$/u.test(part))
  const name = parts.map(capitalise).join(' ')
  return isName && name.length <= NAME_MAX ? name : customer || email
}

function capitalise(part: string): string {
  return part.toLowerCase().replace(/(^|-)\p{L}/gu, (letter) => letter.toUpperCase())
}
