import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from '#lib/data/schema.ts'

/**
 * Fills a team with so many connections in a few statements: every status, many owners and equal names and times, as
 * big teams have them. The copies for the board are made here too, since `copyForBoard` would take hours for them.
 */
export async function insertManyConnections(
  database: Kysely<Database>,
  { teamId, count }: { teamId: string; count: number },
): Promise<void> {
  const part = teamId.slice(-16)
  const id = (prefix: string) => sql`${`${prefix}_`} || lpad(to_hex(i), 10, '0') || ${part}`
  const series = sql`generate_series(1, ${count}::int) i`
  const name = sql`(array['Acme', 'Ärzte am Ring', 'Zeta', 'beta_works', 'Müller & Co', 'İzmir 100%'])[i % 6 + 1] || ' ' || (i * 7919 % ${count}::int) / 3`
  const statements = [
    sql`insert into staff (id, team_id, email, name, role)
      select ${id('stf')}, ${teamId}, 'member-' || i || ${`@${part}.example`}, 'Member ' || i, 'account_manager'
      from generate_series(1, 8) i`,
    sql`insert into customers (id, team_id, name) select ${id('cus')}, ${teamId}, ${name} from ${series}`,
    sql`insert into contacts (id, team_id, customer_id, name, email)
      select ${id('cnt')}, ${teamId}, ${id('cus')}, 'Contact ' || i, 'c' || i || '@mail' || i % 97 || '.example' from ${series}`,
    sql`insert into requests (id, team_id, reference, customer_id, contact_id, owner_id, language, project, created_by)
      select ${id('req')}, ${teamId}, 'REF-' || i, ${id('cus')}, ${id('cnt')},
        case when i % 9 = 0 then null else 'stf_' || lpad(to_hex(i % 9), 10, '0') || ${part} end, 'en', 'Sales sync', 'operator'
      from ${series}`,
    sql`insert into connections (id, team_id, request_id, customer_id, provider, profile, name, status, typed_domain, version,
        updated_at, link_expires_at, snoozed_until, customer_name, sort_name, search, owner_id)
      select ${id('con')}, ${teamId}, ${id('req')}, ${id('cus')}, 'pipedrive', 'two-way-crm', 'Sales ' || i,
        (array['connected', 'connected', 'connected', 'connected', 'connected', 'sent', 'needs_customer', 'needs_manager',
          'undeliverable', 'connected_limited', 'stopped', 'waiting_provider', 'revoked'])[i % 13 + 1],
        'domain' || i, 0,
        now() - make_interval(secs => i / 5 * 1.000001),
        case when i % 5 = 0 then null else now() + make_interval(hours => i / 7 % 500 - 100) end,
        case when i % 13 = 7 and i % 10 = 0 then now() + interval '1 day' end,
        customers.name, lower(customers.name), lower(concat_ws(chr(10), customers.name, 'Contact ' || i,
          'c' || i || '@mail' || i % 97 || '.example', 'domain' || i, 'REF-' || i, 'Sales ' || i)), requests.owner_id
      from ${series} join customers on customers.id = ${id('cus')} join requests on requests.id = ${id('req')}`,
    sql`insert into last_checks (connection_id, team_id, status, checked_at)
      select connections.id, ${teamId}, status, case when i % 4 = 0 then null else now() - make_interval(secs => i / 3 * 1.000001) end
      from ${series} join connections on connections.id = ${id('con')}`,
    sql`insert into status_counts (team_id, status, n)
      select team_id, status, count(*) from connections where team_id = ${teamId} group by team_id, status`,
  ]
  for (const statement of statements) await statement.execute(database)
}
