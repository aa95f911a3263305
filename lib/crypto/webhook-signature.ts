import 'server-only'
import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '#lib/secret.ts'

/** Signatures as the Standard Webhooks specification has them, so that receivers check them with its libraries. */

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export function newWebhookSecret(): Secret {
  return new Secret(PREFIX + randomBytes(SECRET_BYTES).toString('base64'))
}

/** The headers of one try. With two secrets there are two signatures: the receiver may know either. */
export function signWebhook(
  secrets: readonly Secret[],
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
