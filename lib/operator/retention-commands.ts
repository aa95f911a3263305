import 'server-only'
import * as z from 'zod'
import { RETENTION_DAYS } from '#lib/connection/profiles.ts'
import { limitRetention, runRetention } from '#lib/connection/retain.ts'
import type { OperatorCommand } from './command.ts'
import { flag, operator, required, text } from './command.ts'

const { min, max } = RETENTION_DAYS

export const retentionCommands: Record<string, OperatorCommand> = {
  'retention run': {
    usage: 'retention run [--dry-run]',
    does: 'erases personal data whose time is over, as the portal does by itself every day; counts what went',
    options: { 'dry-run': flag },
    run: async ({ values }) => {
      const dryRun = values['dry-run'] === true
      return { dryRun, ...(await runRetention({ dryRun })) }
    },
  },
  'retention limit': {
    usage: `retention limit --days <${min}-${max}|none>`,
    does: 'says how long the team keeps records of closed connections at most, whatever a profile says',
    options: { days: text },
    run: async ({ values }) => {
      const typed = required(values, 'days')
      const days = typed === 'none' ? null : z.coerce.number().int().min(min).max(max).parse(typed)
      await limitRetention(await operator(), days)
      return { days }
    },
  },
}
