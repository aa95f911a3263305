import { fsyncSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** The thread that holds the embedded database, so that a long statement never blocks a request. */
type Question =
  | { id: number; sql: string; parameters: unknown[] }
  | { id: number; close: true }
  | { id: number; fsyncs: true }

let fsyncs = 0

/**
 * The engine's Node file system has no fsync: a power cut would lose what was acknowledged. This adds it. Where
 * the hook lives differs between versions of the package, so the opener counts the calls of one commit.
 */
class DurableNodeFS extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const addFsync = (module: { NODEFS?: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } }) => {
      if (!module.NODEFS) return
      module.NODEFS.stream_ops.fsync = (stream) => {
        fsyncs += 1
        fsyncSync(stream.nfd)
        return 0
      }
    }
    const preRun = [...((emscriptenOpts.preRun as unknown[]) ?? []), addFsync]
    return { emscriptenOpts: { ...emscriptenOpts, preRun: preRun as never } }
  }
}

const OID_INT8 = 20
const OID_BYTEA = 17
const settings = [
  'search_path=public',
  'exit_on_error=false',
  'log_checkpoints=false',
  'max_worker_processes=0',
  'max_parallel_workers=0',
  'max_parallel_workers_per_gather=0',
  'max_parallel_maintenance_workers=0',
  'io_method=sync',
  'wal_sync_method=fsync',
  'shared_buffers=32MB',
  'max_wal_size=64MB',
]

const pg = await PGlite.create({
  fs: new DurableNodeFS((workerData as { folder: string }).folder),
  extensions: { pg_trgm },
  // As the pg driver gives them, so that both engines answer with the same JavaScript values.
  parsers: { [OID_INT8]: (value: string) => value, [OID_BYTEA]: (value: string) => Buffer.from(value.slice(2), 'hex') },
  startParams: ['--single', '-O', '-j', ...settings.flatMap((setting) => ['-c', setting])],
})

parentPort?.on('message', async (question: Question) => {
  const { id } = question
  try {
    if ('close' in question) {
      await pg.close()
      parentPort?.postMessage({ id, rows: [] })
      process.exit(0)
    }
    if ('fsyncs' in question) return parentPort?.postMessage({ id, rows: [{ fsyncs }] })
    const { rows, affectedRows, fields } = await pg.query(question.sql, question.parameters)
    const binary = fields.filter(({ dataTypeID }) => dataTypeID === OID_BYTEA).map(({ name }) => name)
    parentPort?.postMessage({ id, rows, affectedRows, binary })
  } catch (error) {
    const { code, message, constraint, table } = error as Error & { code?: string; constraint?: string; table?: string }
    parentPort?.postMessage({ id, error: { code, message, constraint, table } })
  }
})
parentPort?.postMessage({ ready: true })
