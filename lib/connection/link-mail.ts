import 'server-only'
import { env } from '#lib/env.ts'

/** The context a mailed link key is sealed in until the mail server has it. */
export function linkContext(teamId: string, requestId: string) {
  return { teamId, connectionId: requestId, field: 'link', host: 'mail' }
}

/** What comes after the @ of a Message-ID. */
export function mailHost(): string {
  return new URL(env().portalOrigin).hostname
}
