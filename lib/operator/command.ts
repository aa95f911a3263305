import 'server-only'
import { type Operator, proven } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { findOrCreateFirstTeam } from '#lib/data/requests.ts'
import type { Secret } from '#lib/secret.ts'

/** 0 done, 1 failed, 2 asked in a way we do not understand. `output` is what `--json` prints. */
export type CommandOutcome = { exitCode: 0 | 1 | 2; output: Record<string, unknown> }

export type Options = Record<string, { type: 'string' | 'boolean' }>
export type Asked = {
  values: Record<string, string | boolean | undefined>
  rest: string[]
  /** The folder the command was typed in. */
  folder: string
  /** What came on standard input, for a command that reads it. It may hold API tokens. */
  input: Secret | null
}
/** What travels from the terminal to the process that runs the command. */
export type Call = { argv: readonly string[]; folder: string; input: string | null }
export type OperatorCommand = {
  usage: string
  does: string
  options: Options
  readsInput?: true
  /** Runs in a process of its own, which opens what it needs itself: never in the running server. */
  alone?: true
  run(asked: Asked): Promise<Record<string, unknown>>
}

export const text = { type: 'string' } as const
export const flag = { type: 'boolean' } as const

export class UsageFailure extends Error {}

export class CommandFailure extends Error {
  readonly code: string
  readonly details: object
  constructor(code: string, message: string, details: object) {
    super(message)
    this.code = code
    this.details = details
  }
}

/** Whoever may run this has the account of the data folder or of the database: that is the proof. */
export async function operator(): Promise<Operator> {
  const team = await findOrCreateFirstTeam(db())
  return proven<'operator'>({ kind: 'operator', teamId: team.id })
}

export function required(values: Asked['values'], name: string): string {
  const value = optional(values, name)
  if (value === undefined) throw new UsageFailure(`--${name} is missing`)
  return value
}

export function optional(values: Asked['values'], name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function named([first]: string[], what: string): string {
  if (!first) throw new UsageFailure(`name ${what}`)
  return first
}
