import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CapabilityRow } from '#lib/providers/provider.ts'
import { symptomsOf } from './symptoms.ts'

const row = (
  capability: CapabilityRow['capability'],
  group: CapabilityRow['group'],
  result: CapabilityRow['result'],
  evidence: CapabilityRow['evidence'],
): CapabilityRow => ({ capability, group, result, evidence })

const reads = row('read_deals', 'reads', 'yes', 'read_some')

for (const [what, rows, expected] of [
  ['everything is there', [reads, row('create_webhooks', 'webhooks', 'unknown', 'not_tested')], []],
  [
    'it reads but cannot create, and changes only its own',
    [
      reads,
      row('add_deals', 'writes', 'no', 'permission_absent'),
      row('edit_deals', 'writes', 'no', 'permission_own_only'),
      row('edit_persons', 'writes', 'unknown', 'permission_name_uncertain'),
    ],
    [
      { symptom: 'cannot_add', capabilities: ['add_deals'] },
      { symptom: 'own_only', capabilities: ['edit_deals'] },
    ],
  ],
  [
    'it sees deals but not the settings of the company',
    [reads, row('manage_account_settings', 'settings', 'no', 'account_settings_missing')],
    [{ symptom: 'no_company_settings', capabilities: ['manage_account_settings'] }],
  ],
  [
    'it cannot manage custom fields',
    [reads, row('manage_custom_fields', 'settings', 'no', 'permission_absent')],
    [{ symptom: 'no_custom_fields', capabilities: ['manage_custom_fields'] }],
  ],
  [
    'rights that cannot be read are unknown, not missing',
    [reads, row('add_deals', 'writes', 'unknown', 'permissions_unreadable')],
    [{ symptom: 'rights_unknown', capabilities: ['add_deals'] }],
  ],
  [
    'a list that is refused stays hidden',
    [row('read_persons', 'reads', 'no', 'read_refused')],
    [{ symptom: 'cannot_read', capabilities: ['read_persons'] }],
  ],
] as const)
  test(what, () => assert.deepEqual(symptomsOf(rows), expected))
