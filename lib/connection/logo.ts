import 'server-only'

export const LOGO_BYTES_MAX = 24_000
const LOGO_HEIGHT_MAX = 64
const LOGO_WIDTH_MAX = 400

export type LogoProblem = 'no_logo' | 'too_large' | 'too_high' | 'not_png' | 'not_svg' | 'unknown_type'
export type ReadLogo = { type: 'image/png' | 'image/svg+xml'; bytes: Buffer } | { problem: LogoProblem }

/** A logo as it may be stored: a PNG without its notes, or an SVG of plain shapes. Judged by what is in it, never by its name. */
export function readLogo(file: Uint8Array): ReadLogo {
  const bytes = Buffer.from(file)
  if (bytes.length === 0) return { problem: 'no_logo' }
  if (bytes.length > LOGO_BYTES_MAX) return { problem: 'too_large' }
  if (bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return readPng(bytes)
  return bytes.subarray(0, 1_000).toString('latin1').includes('<svg') ? readSvg(bytes) : { problem: 'unknown_type' }
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** What draws the picture. Texts, times and whatever else a program wrote into the file are left out. */
const PNG_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'sRGB', 'gAMA', 'cHRM', 'IDAT', 'IEND'])
const CHUNK_FRAME_BYTES = 12

function readPng(bytes: Buffer): ReadLogo {
  const kept: Buffer[] = [PNG_SIGNATURE]
  let last = ''
  for (let at = PNG_SIGNATURE.length; at < bytes.length && last !== 'IEND'; ) {
    if (at + CHUNK_FRAME_BYTES > bytes.length) return { problem: 'not_png' }
    const end = at + CHUNK_FRAME_BYTES + bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    if (end > bytes.length || (last === '' && name !== 'IHDR')) return { problem: 'not_png' }
    if (PNG_CHUNKS.has(name)) kept.push(bytes.subarray(at, end))
    last = name
    at = end
  }
  if (last !== 'IEND' || bytes.readUInt32BE(8) !== 13) return { problem: 'not_png' }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  if (width < 1 || height < 1) return { problem: 'not_png' }
  if (height > LOGO_HEIGHT_MAX || width > LOGO_WIDTH_MAX) return { problem: 'too_high' }
  return { type: 'image/png', bytes: Buffer.concat(kept) }
}

/** Shapes and their colours. Nothing that runs, loads, links, or brings a document of another kind. */
const SVG_ELEMENTS = new Set(
  'svg g path rect circle ellipse line polyline polygon defs lineargradient radialgradient stop clippath mask title desc use symbol text tspan'.split(
    ' ',
  ),
)
const TAG = /<\/?([a-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*\/?>/gi
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

function readSvg(bytes: Buffer): ReadLogo {
  const text = decode(bytes)
  if (text === null) return { problem: 'not_svg' }
  const body = text
    .replace(/^\ufeff?\s*<\?xml\s[^?>]*\?>/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .trim()
  const tags = [...body.matchAll(TAG)]
  // Whatever stands between the tags must be text: a `<` that no tag of ours explains is something else.
  const isAllTags = !body.replace(TAG, '').includes('<')
  const isSvg = /^<svg[\s>]/.test(body) && body.endsWith('</svg>')
  if (!isAllTags || !isSvg || !tags.every(([, name = '', attributes = '']) => isPlain(name, attributes)))
    return { problem: 'not_svg' }
  return { type: 'image/svg+xml', bytes: Buffer.from(body) }
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function isPlain(element: string, attributes: string): boolean {
  if (!SVG_ELEMENTS.has(element.toLowerCase())) return false
  return [...attributes.matchAll(ATTRIBUTE)].every(([, name = '', double, single]) =>
    isPlainAttribute(name.toLowerCase(), double ?? single ?? ''),
  )
}

function isPlainAttribute(name: string, value: string): boolean {
  if (name === 'style' || name.startsWith('on')) return false
  // An entity could spell out what the rules below look for.
  if (/&(?!amp;|lt;|gt;|quot;|apos;)/.test(value)) return false
  if (name === 'href' || name.endsWith(':href')) return /^#[\w.-]+$/.test(value)
  if (name === 'xmlns' || name.startsWith('xmlns:'))
    return /^http:\/\/www\.w3\.org\/(?:2000\/svg|1999\/xlink)$/.test(value)
  return !/url\((?!\s*['"]?#)|javascript:|data:|@import|expression\(|https?:/i.test(value)
}
