import 'server-only'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CHARACTERS = 26

const COUNTER_MAX = 0xfff

let last = { ms: 0, counter: 0 }

/**
 * A new id such as `con_01kb3v…`: a prefix that says what it is, and a UUIDv7 in base32 (the TypeID encoding),
 * so that ids sort by the time they were made and say nothing else. Those of one process keep their order within a
 * millisecond too (RFC 9562, 6.2, method 1): rows that one transaction writes are read back as they were written.
 */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const view = new DataView(bytes.buffer)
  last = after(last, view.getUint16(6))
  view.setUint16(0, Math.floor(last.ms / 2 ** 32))
  view.setUint32(2, last.ms >>> 0)
  view.setUint16(6, 0x7000 | last.counter)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `${prefix}_${encode(bytes)}`
}

/** The counter starts in its lower half, so that it rarely runs over; when it does, the next millisecond is borrowed. */
function after({ ms, counter }: typeof last, random: number): typeof last {
  const now = Date.now()
  if (now > ms) return { ms: now, counter: random & (COUNTER_MAX >> 1) }
  return counter < COUNTER_MAX ? { ms, counter: counter + 1 } : { ms: ms + 1, counter: 0 }
}

function encode(bytes: Uint8Array): string {
  let value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let text = ''
  for (let index = 0; index < CHARACTERS; index++) {
    text = ALPHABET[Number(value & 31n)] + text
    value >>= 5n
  }
  return text
}
