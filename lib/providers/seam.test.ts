import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '#lib/testing/engines.ts'

/**
 * A second provider is a folder and a line in two files, as docs/providers.md says. Shown in a copy of the sources: it
 * must type-check as a whole, and a connection of that provider goes from the request to the hand-off.
 */
const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const copy = temporaryFolder()
const sources = ['app', 'bin', 'components', 'lib', 'messages', 'bench', 'scripts', 'e2e']
const files = [
  'package.json',
  'tsconfig.json',
  'instrumentation.ts',
  'proxy.ts',
  'playwright.config.ts',
  'next-env.d.ts',
]

before(() => {
  for (const name of [...sources, ...files].filter((one) => existsSync(path.join(root, one))))
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'dir')
  addTiny()
})
after(() => rmSync(copy, { recursive: true, force: true }))

/** Everything that a new provider takes. */
function addTiny(): void {
  const templates = path.join(root, 'lib/testing/tiny-provider')
  for (const name of readdirSync(templates))
    cpSync(path.join(templates, name), path.join(copy, 'lib/providers/tiny', name.replace(/\.txt$/, '')))
  change('lib/providers/fields.ts', [
    ["import { pipedriveFields } from './pipedrive/fields.ts'\n", "import { tinyFields } from './tiny/fields.ts'\n"],
    ['{ pipedrive: pipedriveFields', ', tiny: tinyFields'],
  ])
  change('lib/providers/registry.ts', [
    ["import { pipedrive } from './pipedrive/provider.ts'\n", "import { tiny } from './tiny/provider.ts'\n"],
    ['= { pipedrive', ', tiny'],
  ])
}

/** Puts a text behind each of the places. */
function change(file: string, additions: readonly (readonly [after: string, text: string])[]): void {
  let content = readFileSync(path.join(copy, file), 'utf8')
  for (const [place, text] of additions) {
    assert.equal(content.split(place).length, 2, `${file} has one place like: ${place}`)
    content = content.replace(place, place + text)
  }
  writeFileSync(path.join(copy, file), content)
}

test('the whole product type-checks with a second provider', async () => {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const faults = await run(process.execPath, [tsc, '--noEmit', '--incremental', 'false'], { cwd: copy }).then(
    () => '',
    (failed: Error & { stdout?: string }) => failed.stdout || failed.message,
  )
  assert.equal(faults, '')
})

test('its connections are requested, verified and handed off by the same functions', async () => {
  const argv = ['--conditions=react-server', '--test', '--test-reporter=tap', 'lib/providers/tiny/tiny.test.ts']
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const { stdout } = await run(process.execPath, argv, { cwd: copy, env }).catch((failed: { stdout: string }) => failed)
  assert.match(stdout, /^# pass [1-9]\d*\n# fail 0$/m, stdout)
})
