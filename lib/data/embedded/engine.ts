import 'server-only'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockFolder } from './owner-lock.ts'

/** The embedded database of one folder: one connection, in a thread of its own. */
export type Engine = {
  query(
    sql: string,
    parameters: readonly unknown[],
    timeoutMs?: number,
  ): Promise<{ rows: Record<string, unknown>[]; affectedRows: number }>
  close(): Promise<void>
}

type Answer = {
  id: number
  rows?: Record<string, unknown>[]
  affectedRows?: number
  binary?: string[]
  error?: { code?: string; message: string; constraint?: string; table?: string }
}

export const STATEMENT_TIMEOUT_MS = 5_000
const CLOSE_TIMEOUT_MS = 10_000
const ENGINE_VERSION = '18'

/** A statement failed. `code` is the SQLSTATE, the same on both engines. */
export class StatementError extends Error {
  override name = 'StatementError'
  readonly code: string | undefined
  readonly constraint: string | undefined
  readonly table: string | undefined

  constructor({ code, message, constraint, table }: NonNullable<Answer['error']>) {
    super(message)
    this.code = code
    this.constraint = constraint
    this.table = table
  }
}

/** Opens the folder, alone. Throws when another process has it, when its version is another, or when fsync does not reach the disk. */
export async function openEngine(dataDir: string): Promise<Engine> {
  const folder = join(dataDir, 'database')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(dataDir, 0o700)
  chmodSync(folder, 0o700)
  const lock = await lockFolder(dataDir)
  try {
    refuseOtherVersion(folder)
    let thread = await startThread(folder)
    await refuseWithoutFsync(thread)
    return {
      async query(sql, parameters, timeoutMs = STATEMENT_TIMEOUT_MS) {
        const answer = await thread
          .ask({ sql, parameters: [...parameters] }, timeoutMs)
          .catch(async (error: unknown) => {
            // The engine cannot cancel a statement: the thread ends, and the next one recovers like after a crash.
            if (thread.ended) thread = await startThread(folder)
            throw error
          })
        for (const row of answer.binary?.length ? (answer.rows ?? []) : []) {
          for (const name of answer.binary ?? [])
            if (row[name] instanceof Uint8Array) row[name] = Buffer.from(row[name])
        }
        return { rows: answer.rows ?? [], affectedRows: answer.affectedRows ?? 0 }
      },
      async close() {
        await thread.ask({ close: true }, CLOSE_TIMEOUT_MS).catch(() => {})
        await thread.terminate()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function refuseOtherVersion(folder: string): void {
  const file = join(folder, 'PG_VERSION')
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : ENGINE_VERSION
  if (found === ENGINE_VERSION) return
  throw new Error(
    `The database in ${folder} is of PostgreSQL ${found}; this version of Latchkey brings ${ENGINE_VERSION}. Dump it with the version that wrote it and restore it here.`,
  )
}

async function refuseWithoutFsync(thread: Thread): Promise<void> {
  const fsyncs = async () => Number((await thread.ask({ fsyncs: true }, STATEMENT_TIMEOUT_MS)).rows?.[0]?.fsyncs)
  const run = (sql: string) => thread.ask({ sql, parameters: [] }, STATEMENT_TIMEOUT_MS)
  await run('create table if not exists durability_check (at timestamptz)')
  const before = await fsyncs()
  await run('insert into durability_check values (now())')
  const after = await fsyncs()
  await run('truncate durability_check')
  if (after === before)
    throw new Error(
      'The embedded database does not write through to the disk, so it would lose acknowledged data. Set DATABASE_URL to a PostgreSQL server instead.',
    )
}

type Thread = {
  ask(question: Record<string, unknown>, timeoutMs: number): Promise<Answer>
  terminate(): Promise<unknown>
  readonly ended: boolean
}

async function startThread(folder: string): Promise<Thread> {
  const path = join(/* turbopackIgnore: true */ process.cwd(), 'lib/data/embedded/worker.ts')
  const worker = new Worker(path, { workerData: { folder }, execArgv: ['--disable-warning=ExperimentalWarning'] })
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  let ended = false
  let lastId = 0

  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the embedded database ended while it was starting')))
  })
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error) asked?.reject(new StatementError(answer.error))
    else asked?.resolve(answer)
  })
  const end = (error: Error) => {
    ended = true
    for (const asked of waiting.values()) asked.reject(error)
    waiting.clear()
  }
  worker.removeAllListeners('error')
  worker.removeAllListeners('exit')
  worker.on('error', (error) => end(error as Error))
  worker.on('exit', () => end(new StatementError({ code: '57P01', message: 'the embedded database was closed' })))
  worker.unref()

  return {
    get ended() {
      return ended
    },
    terminate: () => worker.terminate(),
    ask(question, timeoutMs) {
      if (ended)
        return Promise.reject(new StatementError({ code: '57P01', message: 'the embedded database was closed' }))
      const id = ++lastId
      return new Promise<Answer>((resolve, reject) => {
        const timer = setTimeout(() => {
          ended = true
          waiting.delete(id)
          void worker
            .terminate()
            .then(() =>
              reject(new StatementError({ code: '57014', message: `statement took longer than ${timeoutMs} ms` })),
            )
        }, timeoutMs)
        const settle = (done: () => void) => {
          clearTimeout(timer)
          worker.unref()
          done()
        }
        waiting.set(id, {
          resolve: (answer) => settle(() => resolve(answer)),
          reject: (error) => settle(() => reject(error)),
        })
        worker.ref()
        try {
          worker.postMessage({ id, ...question })
        } catch (error) {
          // A parameter that is no value, such as a form in place of an id: this question alone has failed.
          waiting.delete(id)
          settle(() => reject(error))
        }
      })
    },
  }
}
