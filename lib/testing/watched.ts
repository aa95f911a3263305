import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { sealToken } from '#lib/connection/seal.ts'
import { newId } from '#lib/data/ids.ts'
import type { Database } from '#lib/data/schema.ts'
import { Secret } from '#lib/secret.ts'

/** Whose token a connection has, as the provider will answer. */
export type WatchedOwner = { company: string; companyId: number; userId: number; apiToken: string }

const BATCH = 1_000

/**
 * Fills a team with connections that are watched, each with a token that is really sealed, in a few statements: looked
 * at in full today, due one after the other within `withinSeconds`.
 */
export async function insertWatched(
  database: Kysely<Database>,
  operator: Operator,
  { count, withinSeconds, ownerOf }: { count: number; withinSeconds: number; ownerOf: (index: number) => WatchedOwner },
): Promise<void> {
  const { teamId } = operator
  const [customerId, contactId, requestId] = [newId('cus'), newId('cnt'), newId('req')]
  for (const statement of [
    sql`insert into customers (id, team_id, name) values (${customerId}, ${teamId}, 'Acme')`,
    sql`insert into contacts (id, team_id, customer_id, name, email)
      values (${contactId}, ${teamId}, ${customerId}, 'Jane Miller', 'jane@acme.example')`,
    sql`insert into requests (id, team_id, reference, customer_id, contact_id, owner_id, language, project, created_by)
      select ${requestId}, ${teamId}, ${requestId.slice(-7)}, ${customerId}, ${contactId}, min(id), 'en', 'Sales sync', 'operator'
      from staff where team_id = ${teamId}`,
  ])
    await statement.execute(database)

  for (let start = 0; start < count; start += BATCH) {
    const indexes = Array.from({ length: Math.min(BATCH, count - start) }, (_, place) => start + place)
    const rows = await Promise.all(
      indexes.map(async (index) => {
        const { apiToken, ...owner } = ownerOf(index)
        const host = `${owner.company}.pipedrive.com`
        const connectionId = newId('con')
        const credential = await sealToken(operator, { connectionId, host, apiToken: new Secret(apiToken) })
        return {
          ...owner,
          ...credential,
          id: connectionId,
          credentialId: newId('crd'),
          fingerprint: credential.fingerprint.toString('hex'),
          dueIn: (index / count) * withinSeconds,
        }
      }),
    )
    const given = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id text, company text, "companyId" text, "userId" text,
      "credentialId" text, host text, sealed jsonb, "wrappedKey" jsonb, fingerprint text, "dueIn" float8)`
    for (const statement of [
      sql`insert into connections (id, team_id, request_id, customer_id, provider, profile, name, status, verdict_code, typed_domain,
          provider_company_id, provider_company_domain, provider_user_id, version, connected_at, customer_name)
        select id, ${teamId}, ${requestId}, ${customerId}, 'pipedrive', 'read-only-sync', company, 'connected', 'OK', company,
          "companyId", company, "userId", 1, now(), 'Acme' from ${given}`,
      sql`insert into last_checks (connection_id, team_id, status, checked_at, full_check_at)
        select id, ${teamId}, 'connected', now(), now() from ${given}`,
      sql`insert into credentials (id, team_id, connection_id, version, state, sealed, wrapped_key, key_id, host, fingerprint)
        select "credentialId", ${teamId}, id, 1, 'in_force', sealed, "wrappedKey", "wrappedKey"->>'keyId', host, decode(fingerprint, 'hex')
        from ${given}`,
      sql`insert into connection_checks (connection_id, team_id, reason, due_at)
        select id, ${teamId}, 'watch', now() + make_interval(secs => "dueIn") from ${given}`,
    ])
      await statement.execute(database)
  }
  await sql`insert into status_counts (team_id, status, n) values (${teamId}, 'connected', ${count})`.execute(database)
}
