import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLoopback, root, runToEnd } from './process.mjs'

/** What a build is made of. Anything else (data, logs, tests, documents) may change without a new one. */
const sources = [
  'app',
  'components',
  'lib',
  'messages',
  'public',
  'instrumentation.ts',
  'next.config.js',
  'package-lock.json',
  'package.json',
  'postcss.config.mjs',
  'proxy.ts',
]
const marker = path.join(root, '.next', 'latchkey-build')

/** Builds unless `.next` is the build of exactly this source. Sets what build and server must agree on. */
export async function ensureBuilt({
  keyDir = process.env.BUILD_KEY_DIR || process.env.DATA_DIR || '.data',
  always = false,
} = {}) {
  process.env.NEXT_TELEMETRY_DISABLED = '1'
  process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY ||= readOrMakeActionKey(path.resolve(root, keyDir, 'keys'))
  const buildId = hashSources()
  process.env.LATCHKEY_BUILD_ID = buildId
  if (!always && existsSync(marker) && readFileSync(marker, 'utf8') === buildId) return

  process.stdout.write('Building (only when the source has changed) ...\n')
  rmSync(marker, { force: true })
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
  const code = await runToEnd(process.execPath, [next, 'build'], { ...process.env, NODE_ENV: 'production' })
  if (code !== 0) process.exit(code)
  writeFileSync(marker, buildId)
}

/**
 * Without a fixed key every build gives all forms new ids, and a page opened before a deploy could not be sent any
 * more. Its own random key, never derived from the key of the credentials: the build output holds it in plain.
 */
function readOrMakeActionKey(folder) {
  if (!isLoopback()) {
    process.stderr.write(
      'With a public PORTAL_ORIGIN set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, at build and at start: openssl rand -base64 32\n',
    )
    process.exit(1)
  }
  const file = path.join(folder, 'server-actions.key')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 })
  }
  return readFileSync(file, 'utf8').trim()
}

function hashSources() {
  const hash = createHash('sha256').update(process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY)
  for (const file of sources.flatMap(filesOf)) hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)))
  return hash.digest('hex').slice(0, 20)
}

function filesOf(source) {
  const absolute = path.join(root, source)
  if (!existsSync(absolute)) return []
  const entries = readdirSync(path.dirname(absolute), { withFileTypes: true })
  if (entries.find(({ name }) => name === path.basename(source))?.isFile()) return [source]
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await ensureBuilt({ always: true })
