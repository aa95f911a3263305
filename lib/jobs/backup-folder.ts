import 'server-only'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import * as z from 'zod'
import { sha256, sha256InParts, signValue, verifySigned } from '#lib/crypto/digest.ts'

const FORMAT = 'latchkey-backup.1'
const MANIFEST = 'manifest.json'
const MANIFEST_BYTES_MAX = 10_000_000

const tableSchema = z.object({
  name: z.string().regex(/^[a-z_]{1,63}$/),
  columns: z.array(z.string().regex(/^[a-z0-9_]{1,63}$/)).min(1),
  rows: z.number().int().min(0),
  sha256: z.string(),
})
const contentSchema = z.object({
  format: z.literal(FORMAT),
  madeAt: z.iso.datetime(),
  engine: z.enum(['embedded', 'server']),
  migrations: z.array(z.string()).min(1),
  /** The keys without which it cannot be read. The keys themselves are not in it. */
  keys: z.array(
    z.object({ keyId: z.string(), credentials: z.number(), letters: z.number(), webhooks: z.number().default(0) }),
  ),
  tables: z.array(tableSchema),
  chains: z.array(z.object({ teamId: z.string(), seq: z.number(), mac: z.string() })),
})
const manifestSchema = z.object({ content: contentSchema, signature: z.string() })

export type Manifest = z.infer<typeof contentSchema>
export type BackedUpTable = Manifest['tables'][number]

/** Why a backup cannot be used, for whoever holds it. */
export class BackupFault extends Error {
  override name = 'BackupFault'
}

/** A folder that is filled and then takes its name: whatever has the name is complete. */
export async function makeFolder(folder: string): Promise<{
  writeTable(name: string, columns: string[], lines: AsyncIterable<string[]>): Promise<BackedUpTable>
  finish(content: Omit<Manifest, 'format'>): Promise<void>
  discard(): Promise<void>
}> {
  const there = await readdir(folder).catch(() => [])
  if (there.length > 0) throw new BackupFault(`${folder} is not empty`)
  const making = `${folder}.partial-${crypto.randomUUID()}`
  await mkdir(making, { recursive: true, mode: 0o700 })
  return {
    async writeTable(name, columns, lines) {
      const file = path.join(making, fileOf(name))
      let rows = 0
      const text = async function* () {
        for await (const some of lines) {
          rows += some.length
          yield `${some.join('\n')}\n`
        }
      }
      const { stream, digest } = digesting()
      await pipeline(Readable.from(text()), createGzip(), stream, createWriteStream(file, { mode: 0o600 }))
      await sync(file)
      return { name, columns, rows, sha256: digest() }
    },
    async finish(content) {
      const whole: Manifest = { format: FORMAT, ...content }
      const manifest = { content: whole, signature: signValue('backup', digestOf(whole)) }
      const file = path.join(making, MANIFEST)
      await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
      await sync(file)
      await rename(making, folder)
      await sync(path.dirname(folder))
    },
    discard: () => rm(making, { recursive: true, force: true }),
  }
}

/** What a backup says of itself. Throws BackupFault when it is none, or was changed since. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, MANIFEST)
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) throw new BackupFault(`${folder} is no complete backup: it has no ${MANIFEST}`)
  if (text.length > MANIFEST_BYTES_MAX) throw new BackupFault(`${file} is too long to be a manifest`)
  const parsed = manifestSchema.safeParse(jsonOf(text))
  if (!parsed.success) throw new BackupFault(`${file} is not the manifest of a backup of this kind`)
  const { content, signature } = parsed.data
  if (verifySigned('backup', signature) !== digestOf(content))
    throw new BackupFault(
      `${file} was changed, or SESSION_SECRET is not the one of the portal that made this backup. Its fingerprints and its audit log cannot be checked without that one.`,
    )
  return content
}

/** Throws BackupFault for a file that is not what was written. */
export async function checkFile(folder: string, table: BackedUpTable): Promise<void> {
  const { stream, digest } = digesting()
  const source = createReadStream(path.join(folder, fileOf(table.name)))
  await pipeline(source, stream, async (parts) => {
    for await (const _part of parts);
  }).catch(() => {
    throw new BackupFault(`${fileOf(table.name)} is missing or cannot be read`)
  })
  if (digest() !== table.sha256) throw new BackupFault(`${fileOf(table.name)} was changed or is cut off`)
}

const LINES_AT_ONCE = 200

export async function* readTable(folder: string, { name }: BackedUpTable): AsyncGenerator<string[]> {
  const input = createReadStream(path.join(folder, fileOf(name))).pipe(createGunzip())
  let lines: string[] = []
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') lines.push(line)
    if (lines.length < LINES_AT_ONCE) continue
    yield lines
    lines = []
  }
  if (lines.length > 0) yield lines
}

const fileOf = (table: string) => `${table}.jsonl.gz`

/** In the order of the schema, whatever the order it was put together in. */
const digestOf = (content: Manifest) => sha256(JSON.stringify(contentSchema.parse(content))).toString('hex')

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function digesting(): { stream: Transform; digest(): string } {
  const hash = sha256InParts()
  const stream = new Transform({
    transform(part: Buffer, _encoding, done) {
      hash.add(part)
      done(null, part)
    },
  })
  return { stream, digest: () => hash.end() }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r')
  await handle.sync()
  await handle.close()
}
