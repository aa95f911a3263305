import type { GuideStepProps } from '#lib/providers/pipedrive/guide/steps.tsx'
import { GuideStepBody } from '#lib/providers/pipedrive/guide/steps.tsx'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** One step of the provider's guide in the reader's language. */
export function GuideBody({ language, ...props }: Omit<GuideStepProps, 't'> & { language: Language }) {
  const t = words(language)
  return <GuideStepBody {...props} t={(key, values) => t(`pipedrive.${key}`, values)} />
}
