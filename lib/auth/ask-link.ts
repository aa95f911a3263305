import 'server-only'
import { digestOfEmail } from '#lib/crypto/digest.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Language } from '#lib/words.ts'
import { newFlow } from './flow.ts'
import { postToNextAuth } from './next-auth.ts'

/**
 * Mails a link to a member with this address; does nothing for anybody else. Run it after the answer has gone: neither
 * its words nor its time may tell which of the two it was.
 */
export async function mailLink({
  email,
  next,
  language,
}: {
  email: string
  next: string
  language: Language
}): Promise<void> {
  const flow = newFlow({ address: null, language, nextPath: next, before: null })
  await postToNextAuth(flow, { action: 'signin', provider: 'mail', body: { email, callbackUrl: next } })
}

const WINDOW_SECONDS = 15 * 60
const PER_ACCOUNT = 5
const PER_ADDRESS = 20

export type Throttle = { allowed: boolean; retryAfterSeconds: number }

/** Two buckets: the address, and the account when one is named. Alike for accounts that exist and for others. */
export async function limitSignIn({ address, email }: { address: string; email?: string }): Promise<Throttle> {
  const limits = [
    { bucket: `sign-in:address:${address}`, hitsMax: PER_ADDRESS },
    ...(email ? [{ bucket: `sign-in:account:${digestOfEmail(email)}`, hitsMax: PER_ACCOUNT }] : []),
  ]
  for (const limit of limits) {
    const counted = await hitLimit({ ...limit, windowSeconds: WINDOW_SECONDS })
    if (!counted.allowed) return counted
  }
  return { allowed: true, retryAfterSeconds: 0 }
}
