import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { type DemoTokens, seedDemo } from '#lib/operator/demo-data.ts'

/** Child of `demo.mjs`: fills the demo's database and tells the links to its parent. The portal opens it afterwards. */
const tokens = JSON.parse(process.argv[2] ?? '{}') as DemoTokens
await migrate()
const demo = await seedDemo(tokens)
await closeDatabase()
process.send?.(demo, () => process.disconnect())
