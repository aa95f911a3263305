import 'server-only'

const LOCAL_LENGTH_MAX = 64
const ADDRESS_LENGTH_MAX = 254
/** Unquoted local part: no blank, no double quote, no dot at either end or twice in a row. */
const LOCAL = /^[a-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_{|}~-]+)*$/
/** Names with at least one dot; the last one holds a letter, so that `1.2.3.4` is no domain. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/

/**
 * The mail address as we write to it, in small letters, or null. ASCII is asked for before anything is lower-cased:
 * the Kelvin sign becomes a plain `k`, and with it somebody else's address.
 */
export function parseEmailAddress(typed: string): string | null {
  const trimmed = typed.trim()
  if (trimmed.length > ADDRESS_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(trimmed)) return null
  const [local, domain, ...more] = trimmed.toLowerCase().split('@')
  if (!local || !domain || more.length > 0 || local.length > LOCAL_LENGTH_MAX) return null
  return LOCAL.test(local) && DOMAIN.test(domain) ? `${local}@${domain}` : null
}
