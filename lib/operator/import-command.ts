import 'server-only'
import { ADOPT_ROWS_MAX, adoptColumns, adoptCredentials } from '#lib/connection/adopt.ts'
import { isSettled } from '#lib/connection/status.ts'
import type { OperatorCommand } from './command.ts'
import { CommandFailure, flag, operator, UsageFailure } from './command.ts'

export const importCommands: Record<string, OperatorCommand> = {
  import: {
    usage: 'import [--dry-run] < credentials.csv',
    does: `takes credentials over that the team holds: CSV with the columns ${adoptColumns.join(', ')}; at most ${ADOPT_ROWS_MAX} rows. Each is checked live`,
    options: { 'dry-run': flag },
    readsInput: true,
    run: async ({ values, input, rest }) => {
      if (rest.length > 0) throw new UsageFailure('the list comes on standard input, never as an argument')
      if (!input || input.reveal().trim() === '') throw new UsageFailure('nothing came on standard input')
      const dryRun = values['dry-run'] === true
      const outcome = await adoptCredentials(await operator(), input, { dryRun })
      if (outcome.kind === 'bad_list')
        throw new CommandFailure('BAD_LIST', `nothing was imported: ${outcome.problems.length} cells must be mended`, {
          problems: outcome.problems,
        })
      const { rows } = outcome
      return {
        dryRun,
        rows,
        works: rows.filter(({ status }) => status === 'connected' || status === 'connected_limited').length,
        waits: rows.filter(({ status }) => status === 'waiting_provider').length,
        worksNot: rows.filter(({ status }) => !isSettled(status)).length,
        importedBefore: rows.filter(({ importedBefore }) => importedBefore).length,
      }
    },
  },
}
