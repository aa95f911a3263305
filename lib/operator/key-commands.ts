import 'server-only'
import { keyStates, readUnwraps, retireKey, rotateKeys } from '#lib/jobs/rotate-keys.ts'
import type { OperatorCommand } from './command.ts'
import { CommandFailure, flag, operator, optional, text } from './command.ts'

export const keyCommands: Record<string, OperatorCommand> = {
  'rotate-keys': {
    usage: 'rotate-keys [--status | --retire <key id> [--lose-backups]]',
    does: 'makes a new master key and wraps every data key anew under it; says how far that is; throws away a key that nothing needs',
    options: { status: flag, retire: text, 'lose-backups': flag },
    run: async ({ values }) => {
      if (values.status) return { keys: await keyStates(), unwraps: readUnwraps() }
      const keyId = optional(values, 'retire')
      return keyId ? retire(keyId, Boolean(values['lose-backups'])) : rotate()
    },
  },
}

async function rotate(): Promise<Record<string, unknown>> {
  const { next, ...rotation } = await rotateKeys(await operator())
  if (rotation.failed > 0)
    throw new CommandFailure(
      'REWRAP_INCOMPLETE',
      `${rotation.failed} values could not be unwrapped; doctor says which keys are missing, the log names the rows`,
      rotation,
    )
  return next ? { ...rotation, next } : rotation
}

async function retire(keyId: string, losesBackups: boolean): Promise<Record<string, unknown>> {
  const retirement = await retireKey(await operator(), { keyId, losesBackups })
  switch (retirement.kind) {
    case 'retired':
      return { retired: keyId, keys: await keyStates() }
    case 'yours':
      return { retired: null, next: retirement.next }
    case 'refused':
      throw new CommandFailure('KEY_NEEDED', retirement.reason, { keyId })
  }
}
