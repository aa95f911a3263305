import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { words } from '#lib/words.ts'

const fieldCodes = [
  'DOMAIN_MISSING',
  'DOMAIN_SHARED_HOST',
  'DOMAIN_FORMAT',
  'TOKEN_MISSING',
  'TOKEN_FORMAT',
  'START_DATE_INVALID',
] as const
const removals = ['spaces', 'quotes', 'hidden_characters', 'wrapping'] as const
const hints = ['length', 'cut', 'password', 'custom_field_key'] as const
const dateFaults = ['missing', 'unreadable', 'future', 'too_early'] as const
const kinds = [
  'email',
  'jwt',
  'oauth',
  'github',
  'stripe',
  'aws',
  'slack',
  'google',
  'private_key',
  'connection_string',
  'hubspot',
  'openai',
  'gitlab',
  'shopify',
  'npm',
  'mail_service',
] as const
const plain = [
  'nameLabel',
  'domainLabel',
  'domainHint',
  'tokenLabel',
  'tokenHint',
  'startDateLabel',
  'startDateLabelOptional',
  'startDateHint',
  'startDateHintOptional',
  'submit',
  'checking',
  'checkingOwner',
  'checkingRights',
  'promise',
  'show',
  'hide',
  'showToken',
  'hideToken',
  'shown',
  'hidden',
  'problem',
  'offline',
  'unanswered',
  'updated',
  'reload',
  'pasteAgain',
  'copyForAdmin',
  'mailForAdmin',
  'copied',
] as const
const readyStatuses = ['draft', 'queued', 'sent', 'visited'] as const
const otherStatuses = [
  'needs_customer',
  'needs_confirmation',
  'needs_manager',
  'stopped',
  'undeliverable',
  'declined',
] as const

/** The words the form needs in the browser; only these travel. */
export function formWords(connection: CustomerConnection): Record<string, string> {
  const t = words(connection.language)
  const team = connection.teamName
  return {
    ...yesWords(connection),
    ...Object.fromEntries(plain.map((key) => [key, t(`pages.form.${key}`)])),
    nameHint: t('pages.form.nameHint', { team }),
    whatToDo: t('pages.verdict.whatToDo'),
    who: t('pages.verdict.who'),
    useOther: t('pages.verdict.useOther', { domain: '{domain}' }),
    useOtherHint: t('pages.verdict.useOtherHint', { domain: '{domain}' }),
    reportTitle: t('pages.verdict.report'),
    reference: t('pages.frame.reference', { reference: '{reference}' }),
    ...Object.fromEntries(fieldCodes.map((code) => [`error_${code}`, t(`verdicts.${code}.title`)])),
    ...Object.fromEntries(removals.map((key) => [`removed_${key}`, t(`pages.form.removed.${key}`)])),
    ...Object.fromEntries(hints.map((key) => [`hint_${key}`, t(`pages.form.hint.${key}`, { length: '{length}' })])),
    ...Object.fromEntries(dateFaults.map((key) => [`startDate_${key}`, t(`pages.form.startDateWhy.${key}`)])),
    ...Object.fromEntries(kinds.map((key) => [`kind_${key}`, t(`pages.form.kind.${key}`)])),
    ...Object.fromEntries(readyStatuses.map((status) => [`status_${status}`, t('pages.status.ready')])),
    ...Object.fromEntries(otherStatuses.map((status) => [`status_${status}`, t(`pages.status.${status}`, { team })])),
  }
}

/** The same for the question alone. */
export function yesWords({ language, ownerName, teamName }: CustomerConnection): Record<string, string> {
  const t = words(language)
  return {
    checking: t('pages.form.checking'),
    unanswered: t('pages.form.unanswered'),
    updated: t('pages.confirm.updated'),
    unfinishedTitle: t('pages.confirm.unfinishedTitle'),
    unfinished: t('pages.confirm.unfinished', { contact: ownerName ?? teamName, reference: '{reference}' }),
  }
}
