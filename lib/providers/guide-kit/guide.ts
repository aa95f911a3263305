import type { ReactNode } from 'react'
import type { Language, Words } from '#lib/words.ts'

/**
 * A provider's guide: what the customer reads beside the form, step by step. Beside the steps `company`, `copy_token`,
 * `name_it` and `check` the form shows its fields and its button, so a guide has these four, and any others between.
 */
export type Guide = {
  steps: readonly string[]
  /** The key of a step's heading among the guide's own words. */
  headingOf(step: string, options: { rotate: boolean }): string
  /** What one step says and shows. */
  Step: (props: GuideStepProps) => ReactNode
  /** Its own words: `title`, `lead`, `contents`, `openApiPage`, and what its steps name. `adminNeeded` takes `reason`. */
  messages: Record<Language, object>
}

export type GuideStepProps = {
  step: string
  /** The guide's own words. */
  t: Words
  team: string
  needsAdmin: boolean
  adminReason: string
  /** Opens the customer's own page with the token; on the form it follows the typed company. */
  apiPageLink: ReactNode
  copyForAdmin?: ReactNode
  /** The guide without a form: what is copied is pasted on the page of the link. */
  alone?: boolean
  /** The request asks for a new token instead of the one that is there. */
  rotate?: boolean
}
