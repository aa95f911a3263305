import 'server-only'
import type { ProviderId } from '#lib/providers/fields.ts'
import type { Guide } from '#lib/providers/guide-kit/guide.ts'
import { providers } from '#lib/providers/registry.ts'
import type { Language, Words } from '#lib/words.ts'
import { wordsOf } from '#lib/words.ts'

/** The guide of one provider, with its words in the reader's language. */
export async function guideOf(provider: string, language: Language): Promise<{ guide: Guide; t: Words }> {
  const guide = await providers[provider as ProviderId].guide()
  return { guide, t: wordsOf(guide.messages, language) }
}
