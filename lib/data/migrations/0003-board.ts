import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'

/**
 * What the board shows, sorts and searches by lies on the connection itself: a page then costs the same whether the
 * team has a thousand connections or a million.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of columns) await sql.raw(statement).execute(db)
  await copyExisting(db)
  for (const statement of indexes) await sql.raw(statement).execute(db)
}

const columns = [
  'create extension if not exists pg_trgm',
  `alter table connections
    add column customer_name text not null default '',
    add column sort_name text collate "C" not null default '',
    add column search text not null default '',
    add column owner_id text collate "C" references staff,
    add column link_expires_at timestamptz,
    add column snoozed_until timestamptz,
    add column snooze_note text`,
]

const BATCH = 500

/** Lower-cased here and not by the database: the embedded engine knows the letters of ASCII only. */
async function copyExisting(db: Kysely<unknown>): Promise<void> {
  for (let last = ''; ; ) {
    const { rows } = await sql<Row>`
      select c.id, u.name as customer, r.owner_id as owner, concat_ws(chr(10), u.name, r.reference, t.name, t.email,
        c.name, c.external_id, c.typed_domain, c.expected_domain, c.provider_company_domain) as search
      from connections c join requests r on r.id = c.request_id join customers u on u.id = c.customer_id
        join contacts t on t.id = r.contact_id
      where c.id > ${last} order by c.id limit ${BATCH}`.execute(db)
    const end = rows.at(-1)
    if (!end) return
    await copyBatch(db, rows)
    last = end.id
  }
}

type Row = { id: string; customer: string; owner: string | null; search: string }

async function copyBatch(db: Kysely<unknown>, rows: Row[]): Promise<void> {
  const values = rows.map(
    ({ id, customer, owner, search }) =>
      sql`(${id}::text, ${customer}::text, ${fold(customer)}::text, ${fold(search)}::text, ${owner}::text)`,
  )
  await sql`update connections set customer_name = v.customer, sort_name = v.sort, search = v.search, owner_id = v.owner,
      link_expires_at = (select max(expires_at) from secure_links l
        where l.request_id = connections.request_id and l.revoked_at is null and l.replaced_at is null)
    from (values ${sql.join(values)}) v(id, customer, sort, search, owner) where connections.id = v.id`.execute(db)
}

const fold = (text: string) => text.normalize('NFKC').toLowerCase()

/** The board's orders, for all statuses and for one. Empty times sort as the oldest; `listBoardRows` says it in the same words. */
const orders = {
  customer: 'sort_name',
  checked: "coalesce(checked_at, '-infinity'::timestamptz)",
  link_end: "coalesce(link_expires_at, '-infinity'::timestamptz)",
}

const indexes = [
  ...Object.entries(orders).flatMap(([name, key]) => [
    `create index connections_by_${name} on connections (team_id, (${key}), id)`,
    `create index connections_by_status_and_${name} on connections (team_id, status, (${key}), id)`,
  ]),
  'create index connections_by_owner on connections (team_id, owner_id, updated_at desc, id desc)',
  'create index connections_snoozed on connections (team_id, snoozed_until) where snoozed_until is not null',
  "create index connections_past_link_end on connections (link_expires_at) where status in ('queued', 'sent', 'visited')",
  'create index connections_by_words on connections using gin (search gin_trgm_ops)',
]
