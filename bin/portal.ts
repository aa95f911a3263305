import { closeDatabase } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { env } from '#lib/env.ts'
import type { Call, CommandOutcome } from '#lib/operator/command.ts'
import { natureOf, runCommand, usage } from '#lib/operator/commands.ts'
import { askServer, INPUT_BYTES_MAX, operatorSocketPath } from '#lib/operator/socket.ts'
import { openSealedHere } from '#lib/role.ts'

/** The operator's command line. Beside a running server with the embedded database it asks that server. */
const argv = process.argv.slice(2)
const asJson = argv.includes('--json')
openSealedHere()

// Log lines go to stderr: stdout is for the answer alone.
const answerWith = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr)

if (argv.length === 0 || argv[0] === 'help' || argv[0] === '--help') {
  answerWith(usage())
} else {
  const { exitCode, output } = await answer()
  // Set, not called: a piped stdout may still be writing.
  process.exitCode = exitCode
  print(output)
}

async function answer(): Promise<CommandOutcome> {
  try {
    const { databaseUrl, dataDir } = env()
    const { readsInput, alone } = natureOf(argv)
    const call = { argv, folder: process.cwd(), input: readsInput ? await readInput() : null }
    if (alone) return await runCommand(call)
    return (!databaseUrl && (await askServer(operatorSocketPath(dataDir), call))) || (await runHere(call))
  } catch (error) {
    return {
      exitCode: 1,
      output: { error: { code: 'FAILED', message: error instanceof Error ? error.message : String(error) } },
    }
  }
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the rows, then press Ctrl-D.\n')
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of process.stdin) {
    bytes += (part as Buffer).length
    if (bytes > INPUT_BYTES_MAX) throw new Error(`the input is longer than ${INPUT_BYTES_MAX} bytes: send it in parts`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}

async function runHere(call: Call): Promise<CommandOutcome> {
  try {
    // That command itself tells which steps ran.
    if (call.argv[0] !== 'migrate') await migrate()
    return await runCommand(call)
  } finally {
    await closeDatabase()
  }
}

function print(output: CommandOutcome['output']): void {
  if (asJson) {
    answerWith(`${JSON.stringify(output)}\n`)
    return
  }
  const { error, ...rest } = output as { error?: { code: string; message: string } }
  if (error) process.stderr.write(`${error.message} (${error.code})\n`)
  for (const [name, value] of Object.entries(rest)) answerWith(`${name}: ${readable(value)}\n`)
}

function readable(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return JSON.stringify(value)
  return value.map((row) => `\n  ${typeof row === 'object' ? Object.values(row as object).join('  ') : row}`).join('')
}
