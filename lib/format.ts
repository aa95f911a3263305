type Language = 'en' | 'de'

const locales = { en: 'en-GB', de: 'de-DE' } as const

/** Day, time and zone, in the reader's language. Without a zone of the reader's the time is UTC and says so. */
export function formatDateTime(date: Date, language: Language, timeZone = 'UTC'): string {
  return new Intl.DateTimeFormat(locales[language], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(date)
}

/** The day alone, e.g. "3 November 2026". */
export function formatDate(date: Date, language: Language, timeZone = 'UTC'): string {
  return new Intl.DateTimeFormat(locales[language], {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone,
  }).format(date)
}

/** A start date: the day alone where it is one, else the instant to the second, both in UTC as it is handed on. */
export function formatStartDate(startDate: string, language: Language): string {
  const at = new Date(startDate)
  if (startDate.endsWith('T00:00:00Z')) return formatDate(at, language)
  return new Intl.DateTimeFormat(locales[language], {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone: 'UTC',
  }).format(at)
}

/** The time of day on the reader's own clock, for what the browser itself has seen. */
export function formatTime(date: Date, language: Language): string {
  return new Intl.DateTimeFormat(locales[language], { hour: '2-digit', minute: '2-digit' }).format(date)
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** "3 days ago", "in 2 hours": only beside the exact time, and only as precise as people say it. */
export function formatRelative(date: Date, language: Language, now: Date): string {
  const seconds = (date.getTime() - now.getTime()) / 1000
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 60] as const)
  // Less than a minute is "now": a page that counts seconds is out of date when it is read.
  const amount = unit === 'second' ? 0 : Math.trunc(seconds / size)
  return new Intl.RelativeTimeFormat(locales[language], { numeric: 'auto' }).format(amount, unit)
}

/** `jane@acme.com` -> `j•••@acme.com`: enough to recognise one's own mailbox. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@')
  return at < 1 ? '•••' : `${address.slice(0, 1)}•••${address.slice(at)}`
}
