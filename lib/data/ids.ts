import 'server-only'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CHARACTERS = 26

let lastMs = 0

/**
 * A new id such as `con_01kb3v…`: a prefix that says what it is, and a UUIDv7 in base32 (the TypeID encoding),
 * so that ids sort by the time they were made and say nothing else.
 */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  lastMs = Math.max(lastMs, Date.now())
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(lastMs / 2 ** 32))
  view.setUint32(2, lastMs >>> 0)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `${prefix}_${encode(bytes)}`
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
