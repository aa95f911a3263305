import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Call } from './command.ts'
import { askServer, INPUT_BYTES_MAX, listenForOperator, operatorSocketPath } from './socket.ts'

const echo = async (call: Call) => ({ exitCode: 0 as const, output: { ...call } })

const call = (argv: string[], input: string | null = null): Call => ({ argv, folder: '/home/maria', input })

function folder(t: { after(clean: () => void): void }): string {
  const made = mkdtempSync(path.join(tmpdir(), 'latchkey-socket-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('a command travels to the server and its outcome back', async (t) => {
  const socketPath = operatorSocketPath(folder(t))
  const server = await listenForOperator(socketPath, echo)
  const asked = call(['doctor', '--name', 'Käte & Söhne'], 'customer;email\r\nKäte;kaete@example.com\n')
  assert.deepEqual(await askServer(socketPath, asked), { exitCode: 0, output: asked })
  await server.close()
})

test('the longest input travels, even one that JSON makes longer', async (t) => {
  const socketPath = operatorSocketPath(folder(t))
  const server = await listenForOperator(socketPath, async ({ input }) => ({
    exitCode: 0 as const,
    output: { length: input?.length },
  }))
  const longest = '"\n'.repeat(INPUT_BYTES_MAX / 2)
  assert.equal((await askServer(socketPath, call(['import'], longest)))?.output.length, INPUT_BYTES_MAX)
  await server.close()
})

test('only the owner may open the socket, and it goes when the server goes', async (t) => {
  const socketPath = operatorSocketPath(folder(t))
  const server = await listenForOperator(socketPath, echo)
  assert.equal(statSync(socketPath).mode & 0o777, 0o600)
  await server.close()
  assert.equal(existsSync(socketPath), false)
})

test('nobody listening is null, not an error', async (t) => {
  assert.equal(await askServer(operatorSocketPath(folder(t)), call(['doctor'])), null)
})

test('a socket left by a dead process is taken over', async (t) => {
  const socketPath = operatorSocketPath(folder(t))
  writeFileSync(socketPath, '')
  assert.equal(await askServer(socketPath, call(['doctor'])), null)
  const server = await listenForOperator(socketPath, echo)
  assert.equal((await askServer(socketPath, call([])))?.exitCode, 0)
  await server.close()
})

test('a data folder with a long name gets a private folder elsewhere', async (t) => {
  const socketPath = operatorSocketPath(path.join(folder(t), 'x'.repeat(120)))
  t.after(() => rmSync(path.dirname(socketPath), { recursive: true, force: true }))
  assert.ok(Buffer.byteLength(socketPath) <= 100)
  assert.equal(statSync(path.dirname(socketPath)).mode & 0o777, 0o700)
  const server = await listenForOperator(socketPath, echo)
  assert.equal((await askServer(socketPath, call([])))?.exitCode, 0)
  await server.close()
})
