import { rmSync } from 'node:fs'
import path from 'node:path'
import { ensureBuilt } from '../bin/build.mjs'
import { buildCopy } from './copy-build.mjs'

/** The portal of the browser tests, built of the same sources without `proxy.ts`: pages and actions stand alone. */
await ensureBuilt()
await buildCopy('without-proxy', {
  buildId: 'without-proxy',
  change: (folder) => rmSync(path.join(folder, 'proxy.ts')),
})
await import('../e2e/portal.mjs')
