import { sql } from 'kysely'
import { db } from '#lib/data/database.ts'

/**
 * Gives the database of a test a clock that the test moves: leases, pauses and intervals all go by the database's time.
 * `now()` is looked up like any function, so one of ours that stands before the built-in one is what every query finds;
 * columns that default to it keep the true time.
 */
export async function installClock(): Promise<void> {
  for (const statement of [
    'create schema test_clock',
    "create table test_clock.ahead (by interval not null default '0')",
    'insert into test_clock.ahead default values',
    `create function test_clock.now() returns timestamptz language sql stable
      as 'select pg_catalog.now() + (select by from test_clock.ahead)'`,
    `do $$ begin execute format('alter database %I set search_path = test_clock, pg_catalog, public', current_database()); end $$`,
    'set search_path = test_clock, pg_catalog, public',
  ])
    await sql.raw(statement).execute(db())
  // Sessions that were there before still see the other clock.
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db())
}

/** Moves the database's clock on. */
export async function passTime(seconds: number): Promise<void> {
  await sql`update test_clock.ahead set by = by + make_interval(secs => ${seconds})`.execute(db())
}
