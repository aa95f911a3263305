import type { Scope } from './scopes.ts'

/**
 * Whoever acts, proved. Only `lib/auth`, the operator's CLI and the jobs make one, with `proven()`;
 * an object written by hand does not compile.
 */
declare const proof: unique symbol
type Proven = { readonly [proof]: true }

/** A person with a live secure link in this browser. May act on the connections of one request. */
export type LinkHolder = Proven & {
  kind: 'link_holder'
  teamId: string
  requestId: string
  linkId: string
  connectionId: string
  address: string | null
}

export type StaffRole = 'admin' | 'account_manager' | 'support'

export type Staff = Proven & { kind: 'staff'; teamId: string; staffId: string; role: StaffRole; address: string | null }

/** The background work of the product itself. */
export type Watcher = Proven & { kind: 'watcher'; teamId: string }

/** A machine of the team, proved by its API key. Null: not limited to any. */
export type Integration = Proven & {
  kind: 'integration'
  teamId: string
  integrationId: string
  scopes: readonly Scope[]
  profiles: readonly string[] | null
  connections: readonly string[] | null
  address: string | null
}

/** Somebody with a shell on the machine, through `npm run portal`. */
export type Operator = Proven & { kind: 'operator'; teamId: string }

export type Actor = LinkHolder | Staff | Integration | Watcher | Operator

/** Brands an actor whose proof was just made. Call it where the proof is, never on data that came from outside. */
export function proven<Kind extends Actor['kind']>(
  actor: Omit<Extract<Actor, { kind: Kind }>, typeof proof>,
): Extract<Actor, { kind: Kind }> {
  return actor as Extract<Actor, { kind: Kind }>
}

/** The actor's id as the audit log shows it. */
export function actorIdOf(actor: Actor): string {
  switch (actor.kind) {
    case 'link_holder':
      return actor.linkId
    case 'staff':
      return actor.staffId
    case 'integration':
      return actor.integrationId
    case 'watcher':
      return 'watcher'
    case 'operator':
      return 'operator'
  }
}
