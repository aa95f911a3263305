import 'server-only'

/** Private-use characters around each value, so that HTML can isolate it after our words were put around it. */
const START = '\ue000'
const END = '\ue001'
const VALUE_LENGTH_MAX = 200

/** A value from outside: one line, bounded, without marks that turn the reading direction of what follows. */
export function cleanValue(value: string): string {
  const line = value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069\ue000\ue001]/g, '')
    .trim()
  const characters = [...line]
  return characters.length > VALUE_LENGTH_MAX ? `${characters.slice(0, VALUE_LENGTH_MAX - 1).join('')}…` : line
}

const TEXT_LENGTH_MAX = 1_500

/** What a person wrote, with its lines: bounded, without marks that turn the reading direction of what follows. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replace(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069\ue000\ue001]/gu, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .slice(0, TEXT_LENGTH_MAX)
    .replace(/[\ud800-\udbff]$/, '')
}

export function markValue(value: string): string {
  return `${START}${value}${END}`
}

/** Text as pieces, those that are values apart from our own words. */
export function textParts(text: string): { text: string; isValue: boolean }[] {
  return text
    .split(new RegExp(`(${START}[^${END}]*${END})`))
    .filter(Boolean)
    .map((part) =>
      part.startsWith(START) ? { text: part.slice(1, -1), isValue: true } : { text: part, isValue: false },
    )
}

/** Text as HTML: everything escaped, each marked value isolated, so that an Arabic name turns nothing around it. */
export function escapeText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
    .replaceAll(START, '<bdi>')
    .replaceAll(END, '</bdi>')
}
