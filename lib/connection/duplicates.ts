import 'server-only'
import type { Actor } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import type { OpenConnection } from '#lib/data/open-requests.ts'
import { findOpenConnections } from '#lib/data/open-requests.ts'

/** What is asked, as far as it can be the same as something else. */
export type Asking = { customer: string; email: string; profiles: string[] }

/** What is open already for the same person, or for the same customer and the same purpose. */
export async function findDuplicates(actor: Actor, asked: Asking): Promise<OpenConnection[]> {
  return (await duplicateFinder(actor, [asked]))(asked)
}

/** The same for many: one look-up, then each is compared. */
export async function duplicateFinder(actor: Actor, all: Asking[]): Promise<(asked: Asking) => OpenConnection[]> {
  const open = await findOpenConnections(db(), {
    teamId: actor.teamId,
    emails: all.map(({ email }) => email),
    customers: all.map(({ customer }) => customer),
  })
  return (asked) => open.filter((other) => isSame(asked, other))
}

function isSame(
  { customer, email, profiles }: Asking,
  other: Pick<OpenConnection, 'customerName' | 'contactEmail' | 'profile'>,
): boolean {
  if (email === other.contactEmail) return true
  return customer.toLowerCase() === other.customerName.toLowerCase() && profiles.includes(other.profile)
}
