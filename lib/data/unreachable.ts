import 'server-only'

/** What the driver and Postgres say when there is no talking to the database: our outage, not a bug of the query. */
const codes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // Too many connections; shut down by an administrator, after a crash, or not yet started.
  '53300',
  '57P01',
  '57P02',
  '57P03',
  // The statement took longer than we wait.
  '57014',
])
const messages = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Query read timeout',
  'the embedded database',
]

export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  // Class 08 is all about the connection.
  return codes.has(code) || code.startsWith('08') || messages.some((message) => error.message.includes(message))
}
