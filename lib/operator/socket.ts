import 'server-only'
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { log } from '#lib/log.ts'
import type { Call, CommandOutcome } from './command.ts'

/** Linux refuses longer socket addresses at 108 bytes, macOS at 104. */
const SOCKET_PATH_BYTES_MAX = 100
/** What may come on standard input, and what may travel: JSON makes it at most twice as long. */
export const INPUT_BYTES_MAX = 1_000_000
const MESSAGE_BYTES_MAX = 2_500_000
const COMMAND_TIMEOUT_MS = 10 * 60_000

type Run = (call: Call) => Promise<CommandOutcome>

/**
 * Where the running server listens for the operator. The embedded database takes one process only, so the CLI asks
 * that process. A data folder with a long name gets a private folder below the system's one for temporary files.
 */
export function operatorSocketPath(dataDir: string): string {
  const beside = path.join(path.resolve(dataDir), 'portal.sock')
  if (Buffer.byteLength(beside) <= SOCKET_PATH_BYTES_MAX) return beside
  const folder = path.join(tmpdir(), `latchkey-${process.getuid?.() ?? 0}-${shortNameOf(beside)}`)
  mkdirSync(folder, { mode: 0o700, recursive: true })
  const { uid, mode } = lstatSync(folder)
  if ((process.getuid && uid !== process.getuid()) || (mode & 0o077) !== 0)
    throw new Error(`${folder} is not private to this account`)
  return path.join(folder, 'portal.sock')
}

/** FNV-1a: a name, not a protection. */
function shortNameOf(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(36)
}

/** Runs commands for whoever may open the socket: the account that owns the data folder. */
export async function listenForOperator(socketPath: string, run: Run): Promise<{ close(): Promise<void> }> {
  // Only the owner of the database gets here, so a socket that lies around is from a process that died.
  rmSync(socketPath, { force: true })
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket, run))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
  chmodSync(socketPath, 0o600)
  return { close: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function serve(socket: Socket, run: Run): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    socket.end(JSON.stringify(await run(callOf(await readAll(socket)))))
  } catch (error) {
    log.error('operator.command_failed', error)
    socket.destroy()
  }
}

/** What cannot be read is not repeated: the parser's own error would quote it, and it may hold API tokens. */
function callOf(text: string): Call {
  try {
    const { argv, folder, input } = JSON.parse(text) as Call
    return { argv: argv.map(String), folder: String(folder), input: input === null ? null : String(input) }
  } catch {
    throw new Error('not a command line')
  }
}

/** The outcome from the running server, or null when none listens. */
export async function askServer(socketPath: string, call: Call): Promise<CommandOutcome | null> {
  const socket = createConnection({ path: socketPath, allowHalfOpen: true })
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch {
    return null
  }
  socket.setTimeout(COMMAND_TIMEOUT_MS, () => socket.destroy(new Error('the server did not answer in time')))
  socket.end(JSON.stringify(call))
  return JSON.parse(await readAll(socket)) as CommandOutcome
}

async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of socket) {
    bytes += (part as Buffer).length
    if (bytes > MESSAGE_BYTES_MAX) throw new Error('message too long')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}
