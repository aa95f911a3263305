import type { Capability, CapabilityRow, Needs, TokenOwner } from '../provider.ts'
import { capabilities as allCapabilities } from '../provider.ts'
import type { ReadEntity } from './client.ts'

/**
 * The rows of the permission report: what the token may do, and how we know, without having written anything.
 * Pipedrive lists granted permissions only, and its public list of names is incomplete. So a published name that is
 * absent is a no, and a name that we only infer from its siblings can prove a yes but never a no.
 */

/** Price of each call in Pipedrive's own budget; a check of everything stays under `CHECK_COST_MAX`. */
export const callCosts = { identity: 2, permissions: 10, read: 10 } as const
export const CHECK_COST_MAX = 60

/** One entry of `access` in the answer about the token's owner. */
export type AppAccess = { app: string; admin: boolean }

/** Null where Pipedrive does not let this user read their own permissions. */
export type Permissions = { granted: ReadonlySet<string>; denied: ReadonlySet<string> } | null

/** `more` than one, `some` for at least one: lists have no totals, only a cursor to what follows. */
export type ReadFinding = 'none' | 'some' | 'more' | 'refused' | 'feature_off'

export type Findings = {
  /** Null when the answer did not say. */
  access: readonly AppAccess[] | null
  permissions: Permissions
  reads: ReadonlyMap<ReadEntity, ReadFinding>
}

type App = 'sales' | 'global'
type Rule =
  | { by: 'read'; entity: ReadEntity }
  | { by: 'permission'; group: 'writes' | 'settings'; app: App; keys: readonly string[]; ifAbsent: Absent }
  | { by: 'every_user' }
  | { by: 'not_tested' }
  | { by: 'account_settings' }
type Absent = 'permission_absent' | 'permission_own_only' | 'permission_name_uncertain'

const add = (app: App, key: string): Rule => ({
  by: 'permission',
  group: 'writes',
  app,
  keys: [key],
  ifAbsent: 'permission_absent',
})
const edit = (app: App, key: string, ifAbsent: Absent): Rule => ({
  by: 'permission',
  group: 'writes',
  app,
  keys: [key],
  ifAbsent,
})

const rules: Record<Capability, Rule> = {
  read_deals: { by: 'read', entity: 'deals' },
  read_persons: { by: 'read', entity: 'persons' },
  read_organizations: { by: 'read', entity: 'organizations' },
  read_activities: { by: 'read', entity: 'activities' },
  // Every user may create webhooks at their own level; trying it would be a write.
  create_webhooks: { by: 'not_tested' },
  add_deals: add('sales', 'can_add_deals'),
  edit_deals: edit('sales', 'can_edit_other_users_deals', 'permission_own_only'),
  add_persons: add('global', 'can_add_people'),
  edit_persons: edit('global', 'can_edit_other_users_people', 'permission_name_uncertain'),
  add_organizations: add('global', 'can_add_organizations'),
  edit_organizations: edit('global', 'can_edit_other_users_organizations', 'permission_name_uncertain'),
  add_activities: { by: 'every_user' },
  edit_activities: edit('global', 'can_edit_other_users_activities', 'permission_name_uncertain'),
  manage_custom_fields: {
    by: 'permission',
    group: 'settings',
    app: 'global',
    keys: ['can_add_custom_fields', 'can_edit_custom_fields'],
    ifAbsent: 'permission_absent',
  },
  manage_account_settings: { by: 'account_settings' },
}

/** Which lists have to be tried for these needs. */
export function readsFor({ capabilities }: Needs): ReadEntity[] {
  return capabilities.flatMap((capability) => {
    const rule = rules[capability]
    return rule.by === 'read' ? [rule.entity] : []
  })
}

/** True when a row of the report hangs on the permission list; otherwise the list only serves a friendly notice. */
export function needsPermissions({ capabilities }: Needs): boolean {
  return capabilities.some((capability) => rules[capability].by === 'permission')
}

export function costOf(needs: Needs, depth: 'identity' | 'full' = 'full'): number {
  if (depth === 'identity') return callCosts.identity
  return callCosts.identity + callCosts.permissions + callCosts.read * readsFor(needs).length
}

export function reportOf(needs: Needs, findings: Findings): CapabilityRow[] {
  return [...new Set(needs.capabilities)].map((capability) => rowOf(capability, findings))
}

function rowOf(capability: Capability, findings: Findings): CapabilityRow {
  const group = groupOf(capability)
  const rule = rules[capability]
  switch (rule.by) {
    case 'read':
      return { capability, group, ...judgeRead(findings.reads.get(rule.entity)) }
    case 'permission':
      return { capability, group, ...judgePermission(rule, findings) }
    case 'every_user':
      return { capability, group, result: 'yes', evidence: 'every_user_may' }
    case 'not_tested':
      return { capability, group, result: 'unknown', evidence: 'not_tested' }
    case 'account_settings':
      return { capability, group, ...judgeAccountSettings(findings.access) }
  }
}

type Judged = Pick<CapabilityRow, 'result' | 'evidence'>

function judgeRead(finding: ReadFinding | undefined): Judged {
  switch (finding) {
    case 'none':
    case 'some':
    case 'more':
      return { result: 'yes', evidence: `read_${finding}` }
    case 'refused':
      return { result: 'no', evidence: 'read_refused' }
    case 'feature_off':
      return { result: 'no', evidence: 'feature_off' }
    case undefined:
      return { result: 'unknown', evidence: 'not_tested' }
  }
}

function judgePermission(
  { app, keys, ifAbsent }: Rule & { by: 'permission' },
  { access, permissions }: Findings,
): Judged {
  // Admin sets cannot be edited and hold every permission of their app.
  if (isAdminOf(access, app)) return { result: 'yes', evidence: 'admin_of_app' }
  if (permissions === null) return { result: 'unknown', evidence: 'permissions_unreadable' }
  if (keys.every((key) => permissions.granted.has(key))) return { result: 'yes', evidence: 'permission_listed' }
  if (ifAbsent !== 'permission_name_uncertain') return { result: 'no', evidence: ifAbsent }
  // Listed as false: then the name is right after all.
  const isDenied = keys.some((key) => permissions.denied.has(key))
  return isDenied ? { result: 'no', evidence: 'permission_own_only' } : { result: 'unknown', evidence: ifAbsent }
}

function judgeAccountSettings(access: Findings['access']): Judged {
  if (access === null) return { result: 'unknown', evidence: 'permissions_unreadable' }
  return isAdminOf(access, 'account_settings')
    ? { result: 'yes', evidence: 'account_settings_admin' }
    : { result: 'no', evidence: 'account_settings_missing' }
}

export function isAdminOf(access: Findings['access'], app: App | 'account_settings'): boolean {
  return access?.some((entry) => entry.app === app && entry.admin) ?? false
}

/**
 * What the token can do beyond the integration's needs: worth a friendly word about a user of its own, never a block.
 * Reading is left out, since every user reads. An admin's token that was asked for may do everything by right.
 */
export function surplusOf(
  { capabilities, accountAdmin }: Needs,
  owner: TokenOwner,
  { access, permissions }: Pick<Findings, 'access' | 'permissions'>,
): Capability[] {
  if (accountAdmin) return []
  return allCapabilities.filter((capability) => {
    const rule = rules[capability]
    if (capabilities.includes(capability)) return false
    if (rule.by === 'account_settings') return owner.accountAdmin
    if (rule.by !== 'permission') return false
    return isAdminOf(access, rule.app) || rule.keys.every((key) => permissions?.granted.has(key) ?? false)
  })
}

function groupOf(capability: Capability): CapabilityRow['group'] {
  const rule = rules[capability]
  switch (rule.by) {
    case 'read':
      return 'reads'
    case 'permission':
      return rule.group
    case 'every_user':
      return 'writes'
    case 'not_tested':
      return 'webhooks'
    case 'account_settings':
      return 'settings'
  }
}
