import { fileURLToPath } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { endWithNpm, ensureNode, listenOn, portIsFree, runNext } from './process.mjs'

/** `npm start`: builds when the source changed, then serves in this very process, so that signals reach it. */
await ensureNode(fileURLToPath(import.meta.url))
endWithNpm()

const port = Number(process.env.PORT ?? 3000)
if (!(await portIsFree(port))) {
  process.stderr.write(
    `Port ${port} is in use. Stop what runs there, or choose another one: PORT=${port + 1} npm start\n`,
  )
  process.exit(1)
}
process.env.PORT = String(port)
process.env.NODE_ENV = 'production'
await ensureBuilt()
runNext(['start', '--port', String(port), ...listenOn()])
