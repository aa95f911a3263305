import type { DialogField } from '#components/connection/action-dialog.tsx'
import { ActionDialog } from '#components/connection/action-dialog.tsx'
import type { Staff } from '#lib/actor.ts'
import { REASON_LENGTH_MAX } from '#lib/connection/reason.ts'
import type { Case } from '#lib/data/case.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import type { CaseBase } from './actions.ts'
import {
  acceptAction,
  addressAction,
  backupAction,
  callOffAction,
  checkAction,
  closeAction,
  companyAction,
  copyAction,
  extendAction,
  freezeAction,
  keepAddressAction,
  proposeAction,
  refuseAction,
  resendAction,
  revokeAction,
  rotateAction,
  useAddressAction,
} from './actions.ts'

export const doings = [
  'resend',
  'extend',
  'revoke',
  'copy',
  'address',
  'propose',
  'use_address',
  'keep_address',
  'backup',
  'company',
  'accept',
  'refuse',
  'check',
  'rotate',
  'close',
  'call_off',
  'freeze',
  'freeze_customer',
] as const
export type Doing = (typeof doings)[number]

const actions = {
  resend: resendAction,
  extend: extendAction,
  revoke: revokeAction,
  copy: copyAction,
  address: addressAction,
  propose: proposeAction,
  use_address: useAddressAction,
  keep_address: keepAddressAction,
  backup: backupAction,
  company: companyAction,
  accept: acceptAction,
  refuse: refuseAction,
  check: checkAction,
  rotate: rotateAction,
  close: closeAction,
  call_off: callOffAction,
  freeze: freezeAction,
  freeze_customer: freezeAction,
} as const satisfies Record<Doing, unknown>

/** Where somebody would lose something; there the focus starts on Cancel. */
const DANGEROUS: readonly Doing[] = ['revoke', 'refuse', 'close']
const NEEDS_REASON: readonly Doing[] = ['revoke', 'close', 'call_off', 'rotate', 'propose', 'freeze', 'freeze_customer']
const WITHOUT_REASON: readonly Doing[] = ['backup', 'company', 'accept', 'refuse', 'use_address']

/** The dialog of one step about a connection, with words that name whom it is about. */
export function CaseDialog({
  doing,
  subject,
  staff,
  base,
  language,
  reason,
}: {
  doing: Doing
  subject: Case
  staff: Staff
  base: CaseBase
  language: Language
  /** What stands in "Why" already: the queue knows it. */
  reason: string
}) {
  const t = words(language)
  const { connection, link, contacts, seenCompany, proposal } = subject
  const name = doing === 'accept' ? (connection.verdictCode === 'FEATURE_OFF' ? 'accept_limits' : 'accept_same') : doing
  const values = {
    contact: connection.contactName,
    email: connection.contactEmail,
    customer: connection.customerName,
    proposed: proposal ? `${proposal.name} (${proposal.email})` : '',
    at: connection.nextCheckAt ? formatDateTime(connection.nextCheckAt, language) : '',
  }
  const lead = doing === 'check' && !connection.nextCheckAt ? 'leadSoon' : 'lead'
  const where = { connectionId: connection.id, base }
  return (
    <ActionDialog
      key={doing}
      title={t(`case.dialog.${name}.title`, values)}
      lead={t(`case.dialog.${name}.${lead}`, values)}
      verb={t(`case.dialog.${name}.verb`, values)}
      dangerous={DANGEROUS.includes(doing)}
      fields={[...ownFields(), ...reasonField()]}
      hidden={{
        linkId: link?.id ?? '',
        proposalId: proposal?.id ?? '',
        scope: doing === 'freeze_customer' ? 'customer' : 'connection',
      }}
      extra={doing === 'backup' && contacts.backup ? { name: 'remove', label: t('case.form.removeBackup') } : undefined}
      action={actions[doing].bind(null, where)}
      backHref={`/${base}/${connection.id}#do-${doing}`}
      words={{
        cancel: t('case.form.cancel'),
        copy: t('case.shown.copy'),
        copied: t('case.shown.copied'),
        close: t('case.shown.close'),
      }}
    />
  )

  function ownFields(): DialogField[] {
    switch (doing) {
      case 'extend':
        return [
          { name: 'days', label: t('case.form.days'), hint: t('case.form.daysHint'), type: 'number', value: '14' },
        ]
      case 'close':
        return [
          { name: 'days', label: t('case.form.closeDays'), hint: t('case.form.daysHint'), type: 'number', value: '7' },
        ]
      case 'address':
      case 'propose':
        return personFields(contacts.contact)
      case 'backup':
        return personFields(contacts.backup)
      case 'company': {
        const hint = t('case.form.domainHint', { company: seenCompany?.name ?? seenCompany?.domain ?? '' })
        return [{ name: 'domain', label: t('case.form.domain'), hint, value: seenCompany?.domain ?? '' }]
      }
      default:
        return []
    }
  }

  function personFields(person: { name: string; email: string } | null): DialogField[] {
    return [
      { name: 'name', label: t('case.form.name'), value: person?.name },
      { name: 'email', label: t('case.form.email'), type: 'email', value: person?.email },
    ]
  }

  function reasonField(): DialogField[] {
    if (WITHOUT_REASON.includes(doing)) return []
    const isNeeded = staff.role === 'support' || NEEDS_REASON.includes(doing)
    const label = t(isNeeded ? 'case.form.reason' : 'case.form.reasonOptional')
    return [
      {
        name: 'reason',
        label,
        hint: t(doing === 'propose' ? 'case.form.reasonProposal' : 'case.form.reasonHint'),
        value: reason,
        maxLength: REASON_LENGTH_MAX,
      },
    ]
  }
}
