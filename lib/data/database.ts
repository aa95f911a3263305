import 'server-only'
import { AsyncLocalStorage } from 'node:async_hooks'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dialect, Transaction } from 'kysely'
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { env } from '#lib/env.ts'
import { log } from '#lib/log.ts'
import { embeddedDialect } from './embedded/dialect.ts'
import { openEngine } from './embedded/engine.ts'
import type { Database } from './schema.ts'

/** Kept for the whole process: a bundler may load this module more than once, the folder may be opened only once. */
const store = globalThis as typeof globalThis & {
  latchkeyDatabase?: Kysely<Database>
  latchkeyInTransaction?: AsyncLocalStorage<true>
}

const insideTransaction = () => (store.latchkeyInTransaction ??= new AsyncLocalStorage<true>())

/** The database, opened at the first query. Throws inside a transaction, where its handle must be used instead. */
export function db(): Kysely<Database> {
  if (insideTransaction().getStore())
    throw new Error('inside a transaction: use its own handle, this one would wait for itself')
  store.latchkeyDatabase ??= openDatabase(env())
  return store.latchkeyDatabase
}

/** Opens a database that is not the process's own; for tests and tools. */
export function openDatabase({
  databaseUrl,
  dataDir,
}: {
  databaseUrl: string | null
  dataDir: string
}): Kysely<Database> {
  const dialect = databaseUrl ? serverDialect(databaseUrl) : embeddedDialect(() => openEngine(dataDir))
  return new Kysely<Database>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] })
}

/** One connection to a server without the limits of the pool: a big step may take longer than a request may. */
export function openDirect(connectionString: string): Kysely<Database> {
  const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 1 }) })
  return new Kysely<Database>({ dialect, plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })] })
}

/** Makes `database` the process's own: for tests, and for a move from one to another. */
export function useDatabase(database: Kysely<Database>): void {
  store.latchkeyDatabase = database
}

export async function closeDatabase(): Promise<void> {
  const open = store.latchkeyDatabase
  store.latchkeyDatabase = undefined
  await open?.destroy()
}

const POOL_MAX = Math.min(10, Math.max(4, availableParallelism() * 2))

/** A little longer than the server's own limit: it only ends waits for a server that cannot answer at all. */
const QUERY_TIMEOUT_MS = 5_500

/** A connection that swallowed a query is given up, or the pool would hand it to the next one. */
class ImpatientClient extends pg.Client {
  override query(...asked: unknown[]): never {
    const answer: unknown = (super.query as (...asked: unknown[]) => unknown)(...asked)
    if (answer instanceof Promise) answer.catch((error) => this.#giveUp(error))
    return answer as never
  }

  #giveUp(error: unknown): void {
    if (!(error instanceof Error) || error.message !== 'Query read timeout') return
    const { connection } = this as unknown as { connection: { stream: { destroy(): void } } }
    connection.stream.destroy()
  }
}

function serverDialect(connectionString: string): Dialect {
  const pool = new pg.Pool({
    connectionString,
    Client: ImpatientClient,
    max: POOL_MAX,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 5_000,
    query_timeout: QUERY_TIMEOUT_MS,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'latchkey',
  })
  // Without a listener a connection that the server ends would end the process.
  pool.on('error', (error) => log.warn('database.connection_lost', { reason: error.message }))
  // The pool listens to connections that rest; one that breaks in a transaction fails its query and needs no more.
  pool.on('connect', (client) => client.on('error', () => {}))
  return new PostgresDialect({ pool })
}

const TRIES_MAX = 5
const RETRY_MS = 20

/**
 * Runs `work` in one transaction. When the engine says that it collided with another one, the whole of it is run
 * again: `work` must have no effect outside the database.
 */
export async function inTransaction<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
  return atOnce((database) => database.transaction().execute((trx) => insideTransaction().run(true, () => work(trx))))
}

/** The same for one statement that changes many rows: it is a transaction by itself, without the two further trips. */
export async function atOnce<T>(work: (database: Kysely<Database>) => Promise<T>): Promise<T> {
  const database = db()
  for (let tries = 1; ; tries++) {
    try {
      return await work(database)
    } catch (error) {
      if (tries >= TRIES_MAX || !isCollision(error)) throw error
      await sleep(RETRY_MS * tries * (1 + Math.random()))
    }
  }
}

function isCollision(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === '40001' || code === '40P01'
}
