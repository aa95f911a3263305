import { migrate } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import { runCommand } from '#lib/operator/commands.ts'
import { listenForOperator, operatorSocketPath } from '#lib/operator/socket.ts'

/** Runs the operator's commands beside a cluster, in one process that stays: a process for each would cost a second. */
await migrate()
await listenForOperator(operatorSocketPath(env().dataDir), runCommand)
process.send?.('ready')
