import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root, runToEnd } from '../bin/process.mjs'

const copied = [
  'app',
  'components',
  'lib',
  'messages',
  'public',
  'instrumentation.ts',
  'proxy.ts',
  'package.json',
  'postcss.config.mjs',
  'tsconfig.json',
]

/** Packages are found in the folders above. Types were checked by the build of the original. */
const config = `import config from '../../next.config.js'
export default (phase) => ({ ...config(phase), typescript: { ignoreBuildErrors: true } })
`

/**
 * A real production build of a changed copy of the project, below .data. `buildId` becomes its deployment. Answers its
 * folder, which \`next start\` takes. The Server Actions' key must be set, as at every build.
 */
export async function buildCopy(name, { buildId, change }) {
  const folder = path.join(root, '.data', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const source of copied)
    if (existsSync(path.join(root, source)))
      cpSync(path.join(root, source), path.join(folder, source), { recursive: true })
  writeFileSync(path.join(folder, 'next.config.js'), config)
  change(folder)
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', LATCHKEY_BUILD_ID: buildId }
  const code = await runToEnd(process.execPath, [next, 'build', folder], env)
  if (code !== 0) throw new Error(`the build of ${name} failed`)
  return folder
}
