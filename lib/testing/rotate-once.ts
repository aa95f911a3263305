import { closeDatabase } from '#lib/data/database.ts'
import { rotateKeys } from '#lib/jobs/rotate-keys.ts'
import { operator } from '#lib/operator/command.ts'

/** Child of the rotation's tests, to be killed at any moment. Says when it has begun. */
process.stdout.write('started\n')
const { failed } = await rotateKeys(await operator())
await closeDatabase()
process.exitCode = failed === 0 ? 0 : 1
