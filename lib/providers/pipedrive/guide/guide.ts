import type { Guide } from '../../guide-kit/guide.ts'
import de from '../messages/de.json' with { type: 'json' }
import en from '../messages/en.json' with { type: 'json' }
import { GuideStepBody, guideSteps, headingOf } from './steps.tsx'

/** Each language must fit the type of the other: a key that only one has fails the build. */
const messages: Record<'en' | 'de', typeof en & typeof de> = { en, de }

export const guide: Guide = { steps: guideSteps, headingOf, Step: GuideStepBody, messages }
