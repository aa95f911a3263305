import type { Capability, CapabilityRow } from '#lib/providers/provider.ts'

/** What people notice when a token works but may not do everything, in the order in which it matters to them. */
export const symptoms = [
  'cannot_read',
  'cannot_add',
  'own_only',
  'no_company_settings',
  'no_custom_fields',
  'rights_unknown',
] as const
export type Symptom = (typeof symptoms)[number]

/** The symptoms behind a permission report, each with the rows that show it. A right that is unknown is never a missing one. */
export function symptomsOf(rows: readonly CapabilityRow[]): { symptom: Symptom; capabilities: Capability[] }[] {
  return symptoms.flatMap((symptom) => {
    const capabilities = rows.filter((row) => symptomOf(row) === symptom).map(({ capability }) => capability)
    return capabilities.length > 0 ? [{ symptom, capabilities }] : []
  })
}

function symptomOf({ capability, group, result, evidence }: CapabilityRow): Symptom | null {
  if (result === 'unknown' && evidence === 'permissions_unreadable') return 'rights_unknown'
  if (result !== 'no') return null
  if (group === 'reads') return 'cannot_read'
  if (group === 'writes') return evidence === 'permission_own_only' ? 'own_only' : 'cannot_add'
  if (capability === 'manage_account_settings') return 'no_company_settings'
  return capability === 'manage_custom_fields' ? 'no_custom_fields' : null
}
