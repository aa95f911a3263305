import 'server-only'
import type { Operator } from '#lib/actor.ts'
import type { FreezeOutcome, Frozen } from '#lib/connection/freeze.ts'
import { findFreezable, freeze, thaw } from '#lib/connection/freeze.ts'
import { REASON_LENGTH_MAX } from '#lib/connection/reason.ts'
import { findConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { findFreezeAt, listFreezes } from '#lib/data/freezes.ts'
import type { OperatorCommand } from './command.ts'
import { CommandFailure, named, operator, optional, required, text } from './command.ts'

const WHAT = '<connection id | customer id or name | team>'

/** The emergency stop, for whoever has no browser at hand. */
export const freezeCommands: Record<string, OperatorCommand> = {
  'freeze list': {
    usage: 'freeze list',
    does: 'lists what the hand-off of is stopped for, since when and why',
    options: {},
    run: async () => ({
      freezes: (await listFreezes(db(), await operator())).map(({ startedAt, ...one }) => ({
        ...one,
        startedAt: startedAt.toISOString(),
      })),
    }),
  },
  freeze: {
    usage: `freeze ${WHAT} --reason <text>`,
    does: 'stops the hand-off of tokens at once: integrations are refused from their next call on',
    options: { reason: text },
    run: async ({ values, rest }) => {
      const actor = await operator()
      const { frozen, id } = await findFrozen(actor, named(rest, `what: ${WHAT}`))
      const outcome = await freeze(actor, { ...frozen, reason: required(values, 'reason') })
      refuseLong(outcome)
      if (outcome !== 'done') throw new CommandFailure('FROZEN_ALREADY', `hand-off is stopped there already: ${id}`, {})
      return { id, scope: frozen.scope, frozen: true }
    },
  },
  thaw: {
    usage: `thaw ${WHAT} [--reason <text>]`,
    does: 'lets the hand-off of tokens go on',
    options: { reason: text },
    run: async ({ values, rest }) => {
      const actor = await operator()
      const { frozen, id } = await findFrozen(actor, named(rest, `what: ${WHAT}`))
      const found = await findFreezeAt(db(), { teamId: actor.teamId, objectId: id })
      const reason = optional(values, 'reason') ?? null
      const outcome = found ? await thaw(actor, { freezeId: found.id, reason }) : 'not_frozen'
      refuseLong(outcome)
      if (outcome !== 'done') throw new CommandFailure('NOT_FROZEN', `hand-off is not stopped there: ${id}`, {})
      return { id, scope: frozen.scope, frozen: false }
    },
  },
}

function refuseLong(outcome: FreezeOutcome): void {
  if (outcome !== 'reason_long') return
  throw new CommandFailure('REASON_TOO_LONG', `a reason has at most ${REASON_LENGTH_MAX} characters`, {})
}

async function findFrozen(actor: Operator, what: string): Promise<{ frozen: Frozen; id: string }> {
  const { teamId } = actor
  if (what === 'team') return { frozen: { scope: 'team' }, id: teamId }
  if (what.startsWith('con_') && (await findConnection(db(), { teamId, connectionId: what })))
    return { frozen: { scope: 'connection', connectionId: what }, id: what }
  const customer = await findFreezable(actor, { idOrName: what })
  if (!customer) throw new CommandFailure('NOT_FOUND', `the team has no connection and no customer ${what}`, {})
  return { frozen: { scope: 'customer', customerId: customer.id }, id: customer.id }
}
