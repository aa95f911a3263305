import 'server-only'
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { CompiledQuery, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Engine } from './engine.ts'

const CHECKPOINT_AFTER_BYTES = 32 * 1024 * 1024
const UPKEEP_EVERY_MS = 60_000
const UPKEEP_TIMEOUT_MS = 30_000

/** Kysely on the embedded engine. The engine has one connection: whoever holds it, holds it alone. */
export function embeddedDialect(open: () => Promise<Engine>): Dialect {
  return {
    createDriver: () => new EmbeddedDriver(open),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class EmbeddedDriver implements Driver {
  readonly #open: () => Promise<Engine>
  #engine: Engine | null = null
  #turn: Promise<void> = Promise.resolve()
  #release: () => void = () => {}
  #upkeep: NodeJS.Timeout | null = null
  #checkpointAt = '0/0'

  constructor(open: () => Promise<Engine>) {
    this.#open = open
  }

  async init(): Promise<void> {
    this.#engine = await this.#open()
    this.#upkeep = setInterval(() => void this.#keepUp().catch(() => {}), UPKEEP_EVERY_MS).unref()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn
    let release = () => {}
    this.#turn = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#release = release
    const engine = this.#engine
    if (!engine) throw new Error('the embedded database is not open')
    return {
      async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
        const { rows, affectedRows } = await engine.query(sql, parameters)
        return { rows: rows as Row[], numAffectedRows: BigInt(affectedRows) }
      },
      // biome-ignore lint/correctness/useYield: the engine has no cursors.
      async *streamQuery(): AsyncIterableIterator<never> {
        throw new Error('the embedded database does not stream')
      },
    }
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  async destroy(): Promise<void> {
    if (this.#upkeep) clearInterval(this.#upkeep)
    if (!this.#engine) return
    await this.acquireConnection()
    await this.#engine.close()
    this.#engine = null
    await this.releaseConnection()
  }

  /** What a server's background processes do by themselves: checkpoints and vacuum, never inside a transaction. */
  async #keepUp(): Promise<void> {
    await this.acquireConnection()
    try {
      const engine = this.#engine
      if (!engine) return
      const { rows } = await engine.query(
        'select pg_current_wal_insert_lsn()::text as lsn, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::text as bytes',
        [this.#checkpointAt],
      )
      if (Number(rows[0]?.bytes) > CHECKPOINT_AFTER_BYTES) {
        await engine.query('checkpoint', [], UPKEEP_TIMEOUT_MS)
        this.#checkpointAt = String(rows[0]?.lsn)
      }
      const worn = await engine.query(
        `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables where n_dead_tup > 1000 and n_dead_tup > 0.2 * n_live_tup limit 20`,
        [],
      )
      for (const { name } of worn.rows) await engine.query(`vacuum analyze ${name}`, [], UPKEEP_TIMEOUT_MS)
    } finally {
      await this.releaseConnection()
    }
  }
}
