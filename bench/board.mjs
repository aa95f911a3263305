import { runChild } from './domain.mjs'
import { temporaryDatabase, temporaryFolder } from './server.mjs'

const SMALL = 1_000
const BIG = 100_000
const GROWTH_MAX = 1.3

/** The board must cost the same at any size. Server Postgres only: that is where big teams are. */
export async function measureBoard(report) {
  if (!process.env.TEST_DATABASE_URL) return
  const sizes = []
  for (const count of [SMALL, BIG]) sizes.push({ count, databaseUrl: await temporaryDatabase() })
  const results = await runChild('board.ts', [JSON.stringify(sizes)], { DATA_DIR: temporaryFolder() })
  for (const [name, [small, big]] of Object.entries(results)) {
    report(`board, ${name}`, {
      value: big.p50,
      baseline: small.p50,
      budget: small.p50 * GROWTH_MAX,
      unit: 'ms for the answers of the database, p50',
      rows: big.rows,
      against: `the same with ${SMALL} connections instead of ${BIG}`,
    })
  }
}
