import { ProfileForm } from '#components/profile/profile-form.tsx'
import type { Capability } from '#lib/providers/provider.ts'
import { capabilities } from '#lib/providers/provider.ts'
import type { Words } from '#lib/words.ts'
import { profileAction, readsAction } from './actions.ts'
import type { ReadByCustomer } from './reads.ts'
import type { TypedProfile } from './typed.ts'

const labels = [
  'problemTitle',
  'key',
  'keyHint',
  'name',
  'nameHint',
  'purpose',
  'purposeHint',
  'exceptions',
  'exceptionsHint',
  'adminReason',
  'adminReasonHint',
  'wordsHint',
  'capabilities',
  'accountAdmin',
  'startDate',
  'mode',
  'limitsAllowed',
  'checkIntervalMinutes',
  'checkIntervalMinutesHint',
  'retentionDays',
  'retentionDaysHint',
  'preview',
  'create',
  'save',
] as const

/** The form of one profile with its words, for whoever may change it and for whoever may only look. */
export function ProfileEditor({
  t,
  title,
  typed,
  reads,
  mode,
}: {
  t: Words
  title: string
  typed: TypedProfile
  reads: ReadByCustomer[]
  mode: 'create' | 'change' | 'show'
}) {
  const pageTitle = `${title} · ${t('fault.product')}`
  const choices = [
    ...['hidden', 'optional', 'required'].map((value) => [`startDate_${value}`, `startDates.${value}`]),
    ...['collect', 'rotate'].map((value) => [`mode_${value}`, `modes.${value}`]),
  ]
  return (
    <ProfileForm
      action={profileAction.bind(null, mode === 'create' ? 'create' : 'change')}
      follow={readsAction}
      initial={{ typed, problems: {}, reads, attempt: 'first' }}
      groups={(['reads', 'writes', 'settings'] as const).map((group) => ({
        label: t(`profiles.form.${group}`),
        rights: capabilities
          .filter((capability) => groupOf(capability) === group)
          .map((capability) => ({ value: capability, label: t(`report.capability.${capability}`) })),
      }))}
      mode={mode}
      words={{
        ...Object.fromEntries(labels.map((key) => [key, t(`profiles.form.${key}`)])),
        ...Object.fromEntries(choices.map(([key, word]) => [key, t(`profiles.form.${word}`)])),
        en: t('profiles.form.english'),
        de: t('profiles.form.german'),
        previewTitle: t('profiles.preview.title'),
        title: pageTitle,
        titleError: t('profiles.form.titleError', { title: pageTitle }),
      }}
    />
  )
}

function groupOf(capability: Capability): 'reads' | 'writes' | 'settings' {
  if (capability.startsWith('read_')) return 'reads'
  return capability.startsWith('manage_') ? 'settings' : 'writes'
}
