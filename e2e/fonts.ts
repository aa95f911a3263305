import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/**
 * The fonts that come with the browser's package, and a font configuration that names no other: pages then look the
 * same on every machine. Answers the environment that the browser has to be started with.
 */
export function ownFonts(): { FONTCONFIG_FILE: string } {
  const folder = path.resolve('.data/fonts')
  const configuration = path.join(folder, 'fonts.conf')
  if (!existsSync(configuration)) unpackInto(folder, configuration)
  return { FONTCONFIG_FILE: configuration }
}

/** The configuration comes last and at once: whoever sees it may use it, also while somebody else unpacks. */
function unpackInto(folder: string, configuration: string): void {
  mkdirSync(folder, { recursive: true })
  const packageFile = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const archive = path.join(path.dirname(packageFile), '..', 'bin', 'fonts.tar.br')
  for (const { name, content } of filesOfTar(brotliDecompressSync(readFileSync(archive))))
    if (name.endsWith('.ttf')) writeFileSync(path.join(folder, path.basename(name)), content)
  const whole = `${configuration}.${process.pid}`
  writeFileSync(whole, configurationOf(folder))
  renameSync(whole, configuration)
}

const BLOCK_BYTES = 512

/** Each entry is a block of facts, then its content in whole blocks. */
function* filesOfTar(tar: Buffer): Generator<{ name: string; content: Buffer }> {
  for (let at = 0; at + BLOCK_BYTES <= tar.length && tar[at] !== 0; ) {
    const text = (start: number, end: number) => tar.toString('latin1', at + start, at + end).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 136), 8)
    const start = at + BLOCK_BYTES
    yield { name: text(0, 100), content: tar.subarray(start, start + size) }
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
}

function configurationOf(folder: string): string {
  const smooth = Object.entries({ antialias: 'true', hinting: 'false', autohint: 'false' })
    .map(([name, value]) => `<edit name="${name}" mode="assign"><bool>${value}</bool></edit>`)
    .join('')
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${path.join(folder, 'cache')}</cachedir>
  <match target="font">${smooth}<edit name="rgba" mode="assign"><const>none</const></edit></match>
</fontconfig>
`
}
