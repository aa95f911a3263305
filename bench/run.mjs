import { ensureBuilt } from '../bin/build.mjs'
import { measureBoard } from './board.mjs'
import { measureCustomerPage } from './customer-page.mjs'
import { measureSealing, measureVerdict } from './domain.mjs'
import { cleanUp } from './server.mjs'
import { measureStart } from './start.mjs'
import { measureWatching } from './watch.mjs'

/**
 * `npm run bench`: one JSON line for each benchmark. `ratio` is the value over its baseline, both of this very run:
 * machines differ, ratios hardly do. A missed budget is told, not punished: these are figures, not tests.
 */
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => cleanUp().finally(() => process.exit(1)))
await ensureBuilt({ keyDir: '.data' })
try {
  for (const measure of [
    measureSealing,
    measureVerdict,
    measureBoard,
    measureWatching,
    measureCustomerPage,
    measureStart,
  ])
    await measure(report)
} finally {
  await cleanUp()
}

function report(bench, { value, baseline, budget, unit, ...more }) {
  const line = {
    bench,
    value,
    unit,
    baseline,
    ratio: value / baseline,
    ...(budget && { budget, kept: value <= budget }),
  }
  process.stdout.write(`${JSON.stringify({ ...line, ...more }, (_key, found) => readable(found))}\n`)
}

function readable(found) {
  return typeof found === 'number' ? Math.round(found * 100) / 100 : found
}
