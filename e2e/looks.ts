import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Browser, Locator, Page, TestInfo } from '@playwright/test'
import { test as base, expect, findViolations } from './fixtures.ts'
import { routes } from './guards.ts'

/**
 * How a page looks, kept as text instead of pictures (docs/decisions/0009-looks-as-text.md): for each cell of a grid
 * the commonest colour, and roughly how much else is drawn in it. A moved block, a lost background or a missing panel
 * changes many cells; another date changes none.
 */
const variants = [
  { name: 'phone, light', width: 390, height: 844, columns: 16, colorScheme: 'light' },
  { name: 'phone, dark', width: 390, height: 844, columns: 16, colorScheme: 'dark' },
  { name: 'desktop, dark', width: 1280, height: 900, columns: 32, colorScheme: 'dark' },
  { name: 'desktop, light', width: 1280, height: 900, columns: 32, colorScheme: 'light' },
] as const
type Variant = (typeof variants)[number]

const NARROWEST = 320
const ROW_PIXELS = 24
/** What may differ without anybody noticing: the browser's own rounding, one more word in a sentence. */
const HEIGHT_MAY_DIFFER = 4
const CHANNEL_MAY_DIFFER = 3
const BACKGROUNDS_MAY_DIFFER = 2
const INK_MAY_DIFFER = 8

/** `colours[backgrounds[i]]` is the commonest colour of cell i, `ink[i]` how full it is: 0 to 3. */
type Look = { height: number; colours: string[]; backgrounds: number[]; ink: number[] }

/** By name: the file of the page, and how it looked. */
type Kept = Record<string, { page: string; look: string }>

export type LookOptions = {
  /** What other tests left on the page. */
  without?: Locator
  /** Where the page itself is made for paper. */
  media?: 'screen' | 'print'
}

export const test = base.extend<{ expectLooks: (page: Page, name: string, options?: LookOptions) => Promise<void> }>({
  /** The page as it stands looks as it did, on a phone and a desk, light and dark; nobody is shut out of any of them. */
  expectLooks: async ({ browser }, use, info) => {
    const reader = await openReader(browser)
    const file = path.join('e2e', 'looks', `${info.title.replace(/\W+/g, '-').toLowerCase()}.json`)
    const known: Kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
    const seen: Kept = {}
    await use(async (page, name, { without, media = 'screen' } = {}) => {
      const looks: Look[] = []
      const before = known[name] ? unpack(known[name].look) : []
      await page.mouse.move(0, 0)
      await page.waitForFunction(isAlive, undefined, { timeout: 20_000 })
      for (const [index, variant] of variants.entries()) {
        const picture = await show(page, variant, { without, media })
        const look = await reader.read(picture, variant.columns)
        looks.push(look)
        const fault = findFault(before[index], look, variant)
        if (fault && !isRecording(info)) await tell(info, `${name}, ${variant.name}`, fault, picture)
        keep(info, `${name}, ${variant.name}`, picture)
      }
      if (media === 'screen') await expectFitsNarrow(page, name)
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.emulateMedia({ media: 'screen' })
      const isSame = looks.every((look, index) => findFault(before[index], look, variants[index] as Variant) === null)
      // What is as good as the same stays as it was written.
      seen[name] = { page: fileOf(page.url()), look: isSame && known[name] ? known[name].look : pack(looks) }
    })
    await reader.close()
    if (isRecording(info)) record(file, seen)
    else if (info.errors.length === 0) expect(Object.keys(seen), `names in ${file}`).toEqual(Object.keys(known))
  },
})

/** `--update-snapshots`, as for Playwright's own pictures. */
function isRecording({ config }: TestInfo): boolean {
  return config.updateSnapshots === 'all' || config.updateSnapshots === 'changed'
}

function record(file: string, seen: Kept): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(seen, null, 2)}\n`)
}

/** The file of the page at an address: of those that fit, the one that spells most of it out. */
function fileOf(url: string): string {
  const { pathname } = new URL(url)
  const fits = (file: string) => {
    const address = file.replace(/^app|\/\([^)]*\)|\/page\.tsx$/g, '') || '/'
    return new RegExp(`^${address.replace(/\[\w+\]/g, '[^/]+')}$`).test(pathname)
  }
  const parameters = (file: string) => file.split('[').length
  const [found] = Object.keys(routes)
    .filter((file) => file.endsWith('/page.tsx') && fits(file))
    .sort((one, other) => parameters(one) - parameters(other))
  return found ?? 'app/not-found.tsx'
}

/** LOOKS names a folder that takes all pictures, for whoever wants to look through them. */
function keep(info: TestInfo, name: string, picture: Buffer): void {
  const folder = process.env.LOOKS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${info.title}, ${name}`.replace(/\W+/g, '-').concat('.png')), picture)
}

async function show(page: Page, variant: Variant, { without, media }: LookOptions): Promise<Buffer> {
  const { width, height, colorScheme } = variant
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme, media, reducedMotion: 'reduce' })
  await without?.evaluateAll((elements) => {
    for (const element of elements) (element as HTMLElement).style.setProperty('display', 'none', 'important')
  })
  await page.evaluate(() => window.scrollTo(0, 0))
  await page.evaluate(steadyTexts)
  const picture = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide', scale: 'css' })
  if (media === 'print') return picture
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect.soft(sideways, `${variant.name}: pixels to scroll sideways`).toBeLessThanOrEqual(0)
  // A scheme changes colours and nothing else.
  const only = colorScheme === 'dark' ? ['wcag2aa'] : undefined
  expect.soft(await findViolations(page, only), `${variant.name}: axe`).toEqual([])
  return picture
}

async function expectFitsNarrow(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: NARROWEST, height: 700 })
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect.soft(sideways, `${name}: pixels to scroll sideways at ${NARROWEST}`).toBeLessThanOrEqual(0)
}

/** Runs in the page: React knows every element, so that no text is changed under its hands. */
function isAlive(): boolean {
  const main = document.querySelector('main')
  const isKnown = main !== null && Object.keys(main).some((key) => key.startsWith('__reactProps'))
  return document.readyState === 'complete' && isKnown
}

/** Runs in the page: what is another in every run, such as a date, reads the same each time. */
function steadyTexts(): void {
  const months =
    'January|February|March|April|May|June|July|August|September|October|November|December|' +
    'Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember'
  const same: [RegExp, string][] = [
    [/\b\d{1,2}(\.?) \p{L}{3,9}\.? 20\d\d, \d\d:\d\d/gu, '24$1 Nov$1 2026, 14:02'],
    [new RegExp(`\\b\\d{1,2}(\\.?) (?:${months})\\b( 20\\d\\d)?`, 'g'), '24$1 November$2'],
    [/\b20\d\d-\d\d-\d\d\b/g, '2026-11-24'],
    [/\b\d\d:\d\d(:\d\d)?\b/g, '14:02'],
    [/\b[A-Z]{3}-\d{3}\b/g, 'ABC-123'],
    [/\b([a-z]{3})_[0-9a-z]{26}\b/g, '$1_01kb3v00000000000000000000'],
    [/[\w-]{43}/g, 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq'],
    [/\b(?=[a-f]*\d)[0-9a-f]{8,64}\b/g, '0123456789'],
    [/\blocalhost:\d+/g, 'localhost:3310'],
    [/\b\d+ ms\b/g, '12 ms'],
    [/\bin \d+ (?:minutes?|hours?|days?)\b/g, 'in 9 days'],
    [/\b\d+ (?:seconds?|minutes?|hours?) ago\b|^now(?=,|$)/g, '9 minutes ago'],
    [/\bin \d+ (?:Minuten?|Stunden?|Tag(?:en)?)\b/g, 'in 9 Tagen'],
    [/\bvor \d+ (?:Sekunden?|Minuten?|Stunden?)\b|^jetzt(?=,|$)/g, 'vor 9 Minuten'],
  ]
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    let text = node.parentElement?.closest('.counter-number') ? '12' : (node.nodeValue ?? '')
    for (const [pattern, instead] of same) text = text.replace(pattern, instead)
    if (text !== node.nodeValue) node.nodeValue = text
  }
}

/** A blank page that reads pictures: the browser has a decoder, and no package is needed. */
async function openReader(browser: Browser) {
  const context = await browser.newContext()
  const page = await context.newPage()
  return {
    close: () => context.close(),
    read: (picture: Buffer, columns: number): Promise<Look> =>
      page.evaluate(readPicture, { base64: picture.toString('base64'), columns, rowPixels: ROW_PIXELS }),
  }
}

/** Runs in the blank page. */
async function readPicture(given: { base64: string; columns: number; rowPixels: number }): Promise<Look> {
  const { base64, columns, rowPixels } = given
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  const bitmap = await createImageBitmap(new Blob([bytes]))
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d') as OffscreenCanvasRenderingContext2D
  context.drawImage(bitmap, 0, 0)
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
  const look: Look = { height, colours: [], backgrounds: [], ink: [] }
  const numbers = new Map<number, number>()

  for (let top = 0; top < height; top += rowPixels)
    for (let column = 0; column < columns; column++) {
      const left = Math.floor((column * width) / columns)
      const right = Math.floor(((column + 1) * width) / columns)
      const { colour, share } = commonest({ left, right, top, bottom: Math.min(top + rowPixels, height) })
      if (!numbers.has(colour)) {
        numbers.set(colour, look.colours.length)
        const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255]
        look.colours.push([red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join(''))
      }
      look.backgrounds.push(numbers.get(colour) ?? 0)
      look.ink.push(share > 0.3 ? 3 : share > 0.08 ? 2 : share > 0.01 ? 1 : 0)
    }
  return look

  /** Counted by runs: most neighbours are alike. */
  function commonest(cell: { left: number; right: number; top: number; bottom: number }) {
    const counts = new Map<number, number>()
    for (let y = cell.top; y < cell.bottom; y++) {
      let run = 0
      let last = pixels[y * width + cell.left] ?? 0
      for (let x = cell.left; x <= cell.right; x++) {
        const pixel = x < cell.right ? pixels[y * width + x] : undefined
        if (pixel === last) run++
        else {
          counts.set(last, (counts.get(last) ?? 0) + run)
          run = 1
          last = pixel ?? 0
        }
      }
    }
    const [colour, count] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one))
    return { colour, share: 1 - count / ((cell.right - cell.left) * (cell.bottom - cell.top)) }
  }
}

/** What differs, and where; null when nobody would notice. */
function findFault(before: Look | undefined, now: Look, { columns, width }: Variant): string | null {
  if (!before) return 'was never recorded'
  const cell = Math.round(width / columns)
  const places = (cells: number[]) => {
    const [rows, cols] = [cells.map((at) => Math.floor(at / columns)), cells.map((at) => at % columns)]
    const box = { top: Math.min(...rows) * ROW_PIXELS, bottom: (Math.max(...rows) + 1) * ROW_PIXELS }
    return `between ${Math.min(...cols) * cell},${box.top} and ${(Math.max(...cols) + 1) * cell},${box.bottom}`
  }
  const all = now.backgrounds.map((_, at) => at).filter((at) => at < before.backgrounds.length)
  const recoloured = all.filter((at) => differ(colourAt(before, at), colourAt(now, at)))
  const redrawn = all.filter((at) => Math.abs((before.ink[at] ?? 0) - (now.ink[at] ?? 0)) > 1)
  const faults: string[] = []
  if (Math.abs(before.height - now.height) > HEIGHT_MAY_DIFFER)
    faults.push(`is ${now.height} pixels high and was ${before.height}`)
  if (recoloured.length > BACKGROUNDS_MAY_DIFFER) {
    const first = recoloured[0] ?? 0
    const change = `#${colourAt(before, first)} became #${colourAt(now, first)}`
    faults.push(`other background in ${recoloured.length} cells ${places(recoloured)}; first ${change}`)
  }
  if (redrawn.length > INK_MAY_DIFFER)
    faults.push(`something came, went or moved in ${redrawn.length} cells ${places(redrawn)}`)
  return faults.length > 0 ? faults.join('\n') : null
}

const colourAt = (look: Look, at: number) => look.colours[look.backgrounds[at] ?? 0] ?? ''

function differ(one: string, other: string): boolean {
  return [0, 2, 4].some(
    (at) =>
      Math.abs(Number.parseInt(one.slice(at, at + 2), 16) - Number.parseInt(other.slice(at, at + 2), 16)) >
      CHANNEL_MAY_DIFFER,
  )
}

async function tell(info: TestInfo, what: string, fault: string, picture: Buffer): Promise<void> {
  await info.attach(what, { body: picture, contentType: 'image/png' })
  const again = `If this is as it should be: npx playwright test ${path.relative('.', info.file)} -g "${info.title}" --project=story --update-snapshots`
  await info.attach(`${what}: what differs`, { body: `${fault}\n${again}`, contentType: 'text/plain' })
  expect.soft(fault, `${what}\n${again}`).toBeNull()
}

const INK_LEVELS = 4
const FIRST_CHARACTER = 33
const COLOURS_MAX = 5_000

/** One character for each cell, and all four variants in one: what they share is kept once. */
function pack(looks: Look[]): string {
  const text = looks
    .map(({ height, colours, backgrounds, ink }) => {
      const cells = backgrounds.map((background, at) =>
        String.fromCodePoint(FIRST_CHARACTER + Math.min(background, COLOURS_MAX) * INK_LEVELS + (ink[at] ?? 0)),
      )
      return [height, colours.join(','), cells.join('')].join(' ')
    })
    .join('\n')
  return deflateRawSync(text, { level: 9 }).toString('base64')
}

function unpack(packed: string): Look[] {
  return inflateRawSync(Buffer.from(packed, 'base64'))
    .toString()
    .split('\n')
    .map((line) => {
      const [height = '', colours = '', cells = ''] = line.split(' ')
      const codes = [...cells].map((cell) => (cell.codePointAt(0) ?? 0) - FIRST_CHARACTER)
      return {
        height: Number(height),
        colours: colours.split(','),
        backgrounds: codes.map((code) => Math.floor(code / INK_LEVELS)),
        ink: codes.map((code) => code % INK_LEVELS),
      }
    })
}
