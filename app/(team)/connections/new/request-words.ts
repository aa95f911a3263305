import type { Words } from '#lib/words.ts'

const labels = [
  'problemTitle',
  'customer',
  'customerHint',
  'contactEmail',
  'contactEmailHint',
  'profile',
  'profileHint',
  'more',
  'contactName',
  'contactNameHint',
  'language',
  'expectedDomain',
  'expectedDomainHint',
  'startDate',
  'startDateHint',
  'connectionName',
  'connectionNameHint',
  'externalId',
  'externalIdHint',
  'expiresInDays',
  'expiresInDaysHint',
  'note',
  'noteHint',
  'project',
  'projectHint',
  'owner',
  'ownerHint',
  'several',
  'severalHint',
  'add',
  'preview',
  'send',
  'save',
  'saveChanges',
  'sending',
] as const
const previewLabels = [
  'title',
  'empty',
  'mail',
  'to',
  'subject',
  'plain',
  'page',
  'steps',
  'asksStart',
  'nobody',
  'placeholder',
] as const

/** The words that the form needs in the browser; only these travel. */
export function requestWords(t: Words, title: string): Record<string, string> {
  const capital = (key: string) => key.charAt(0).toUpperCase() + key.slice(1)
  const pageTitle = `${title} · ${t('fault.product')}`
  return {
    title: pageTitle,
    titleError: t('requests.form.titleError', { title: pageTitle }),
    ...Object.fromEntries(labels.map((key) => [key, t(`requests.form.${key}`)])),
    ...Object.fromEntries(previewLabels.map((key) => [`preview${capital(key)}`, t(`requests.preview.${key}`)])),
    rowTitle: t('requests.form.rowTitle', { number: '{number}' }),
    remove: t('requests.form.remove', { number: '{number}' }),
    kept: t('requests.kept.typing'),
    duplicateTitle: t('requests.duplicate.title'),
    duplicateText: t('requests.duplicate.text'),
    sendAnyway: t('requests.duplicate.sendAnyway'),
  }
}
