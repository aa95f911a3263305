import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import type { EngineName } from '#lib/testing/engines.ts'
import { copyEmbeddedDatabase, createServerDatabase, forgetEnv, setEnv, temporaryFolder } from '#lib/testing/engines.ts'
import { freePort } from '../bin/process.mjs'

const READY_TIMEOUT_MS = 180_000
const READY_POLL_MS = 25

/** One database, its keys, and the settings of the portals that are started on it, one after the other. */
export type Installation = {
  origin: string
  environment: Record<string, string>
  /** Opens the database in this process; the portal must be dead, for the embedded one takes one process. */
  inDatabase<Result>(work: () => Promise<Result>): Promise<Result>
  remove(): Promise<void>
}

export async function install(engine: EngineName, settings: Record<string, string>): Promise<Installation> {
  const dataDir = temporaryFolder()
  const server = engine === 'embedded' ? null : await createServerDatabase()
  if (!server) await copyEmbeddedDatabase(dataDir, { migrated: true })
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const environment = {
    PORT: String(port),
    PORTAL_ORIGIN: origin,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    ...(server && { DATABASE_URL: server.databaseUrl }),
    ...settings,
  }
  return {
    origin,
    environment,
    inDatabase: async (work) => {
      setEnv(environment)
      try {
        await migrate()
        return await work()
      } finally {
        await closeDatabase()
        forgetEnv()
      }
    },
    remove: async () => {
      await server?.drop()
      rmSync(dataDir, { recursive: true })
    },
  }
}

export type RunningPortal = {
  /** kill -9: nothing is finished, nothing is closed. */
  kill(): Promise<void>
  /** SIGTERM: what is under way is finished. */
  stop(): Promise<void>
}

/** `npm start` without npm: the process that answers is the one that is killed. */
export async function startPortal(there: Installation): Promise<RunningPortal> {
  const { child, complaints, running } = run(there, ['bin/start.mjs'])
  await answers(child, `${there.origin}/api/ready`, complaints)
  return running
}

/** `npm run worker` without npm. It answers nobody: it is there when it is started. */
export function startWorker(there: Installation): RunningPortal {
  return run(there, ['--conditions=react-server', 'bin/worker.ts']).running
}

function run({ environment }: Installation, args: string[]) {
  const { NODE_TEST_CONTEXT: _test, DATABASE_URL: _database, SMTP_URL: _smtp, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    env: { ...inherited, BUILD_KEY_DIR: '.data', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr?.on('data', (part) => {
    complaints += part
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await gone
  }
  const running: RunningPortal = { kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
  return { child, complaints: () => complaints, running }
}

async function answers(child: ChildProcess, address: string, complaints: () => string): Promise<void> {
  for (let waited = 0; waited < READY_TIMEOUT_MS; waited += READY_POLL_MS) {
    if (child.exitCode !== null || child.signalCode !== null) break
    const answer = await fetch(address).catch(() => null)
    if (answer?.ok) return
    await sleep(READY_POLL_MS)
  }
  child.kill('SIGKILL')
  throw new Error(`the portal did not come up: ${complaints()}`)
}
