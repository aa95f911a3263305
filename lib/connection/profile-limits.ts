import 'server-only'
import type { Kysely } from 'kysely'
import * as z from 'zod'
import type { Actor } from '#lib/actor.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import type { Database } from '#lib/data/schema.ts'

/** The keys that somebody named, each once and in the team's order. Throws ZodError when there is no such profile. */
export async function requireProfiles(trx: Kysely<Database>, actor: Actor, named: string[]): Promise<string[]> {
  const known = (await listProfiles(trx, actor)).map(({ key }) => key)
  const unknown = named.find((key) => !known.includes(key))
  if (unknown === undefined) return known.filter((key) => named.includes(key))
  const message = `there is no profile "${unknown}"; there are: ${known.join(', ')}`
  throw new z.ZodError([{ code: 'custom', path: ['profiles'], message, input: undefined }])
}
