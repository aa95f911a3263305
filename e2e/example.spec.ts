import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { PORT } from '../playwright.config.ts'
import { connect, expect, fake, fakeToken, mailsTo, portal, request, test } from './fixtures.ts'

const run = promisify(execFile)
const FOLDER = path.resolve('examples/deals-integration')
const PORTAL = `http://localhost:${PORT}`
const EXAMPLE_PORT = PORT + 16

/** The example as its README starts it. What it says is kept. */
async function startExample(environment: Record<string, string>): Promise<{ said: string[]; process: ChildProcess }> {
  const process = spawn(globalThis.process.execPath, ['integration.ts'], {
    cwd: FOLDER,
    env: {
      ...globalThis.process.env,
      PORTAL,
      PORT: String(EXAMPLE_PORT),
      SYNC_EVERY_SECONDS: '2',
      ...environment,
    },
  })
  const said: string[] = []
  for (const stream of [process.stdout, process.stderr])
    stream?.on('data', (part: Buffer) => said.push(...part.toString().split('\n').filter(Boolean)))
  await expect.poll(() => said.join('\n')).toContain('listening on')
  return { said, process }
}

test('the example fits the document that the portal serves', async () => {
  const bin = (name: string) => path.join(FOLDER, 'node_modules/.bin', name)
  await run(bin('openapi-typescript'), [`${PORTAL}/api/openapi.json`, '-o', 'api.d.ts'], { cwd: FOLDER })
  await run(bin('tsc'), [], { cwd: FOLDER })
})

test('the example is told, reads deals, survives a dead token and a new one, and confirms the end', async ({
  page,
}) => {
  test.setTimeout(300_000)
  const email = 'deals@acme.example'
  const external = `crm-${Date.now()}`
  const asked = await request({ email, customer: 'Deals Ltd', 'external-id': external })
  const connectionId = asked.connections[0]?.id ?? ''
  const scopes = 'connections:read,connections:write,credentials:read'
  // Other tests have connections in the same team: theirs are none of its business.
  const limits = ['--scopes', scopes, '--connections', connectionId]
  const { key } = (await portal('api-key', 'create', '--name', 'Deals', ...limits)) as { key: string }
  const made = await portal('webhook', 'add', '--name', 'Deals', '--url', `http://localhost:${EXAMPLE_PORT}/`)
  const { id: webhookId, secret } = made as { id: string; secret: string }
  const example = await startExample({ KEY: key, WEBHOOK_SECRET: secret })
  const hears = (text: string | RegExp, timeout = 20_000) =>
    expect.poll(() => example.said.join('\n'), { timeout }).toMatch(text)
  try {
    await portal('webhook', 'test', webhookId)
    await hears('a test message arrived')

    await page.goto(asked.link)
    await connect(page, { domain: 'e2e-77', token: fakeToken('admin@e2e-77'), date: '2024-01-01' })
    await page.waitForURL('**/done')
    await hears(`told: connection.ready of ${external}`)
    await hears(`${external}: 2 deals, read with version 1 of the token`)
    // Somebody else's connection shows that Pipedrive itself is well.
    const other = await request({ customer: 'Second Deals Ltd' })
    await page.goto(other.link)
    await connect(page, { domain: 'e2e-78', token: fakeToken('admin@e2e-78') })
    await page.waitForURL('**/done')

    const { token } = await fake('regenerate', { name: 'admin@e2e-77' })
    await hears(`${external}: Pipedrive refused version 1 of the token; reported, and waiting`)
    await hears(`told: connection.needs_attention of ${external}`, 120_000)
    await hears(`${external}: waiting, it is stopped`)
    const letter = () => mailsTo(email).find(({ subject }) => subject.includes('stopped accepting the token'))
    await expect.poll(letter, { timeout: 30_000 }).toBeTruthy()
    await page.goto(/http:\S+\/l\/\S+/.exec(letter()?.text ?? '')?.[0] ?? '')
    await page.getByLabel('Personal API token').fill(String(token))
    await page.getByRole('button', { name: 'Check and connect' }).click()
    await page.waitForURL('**/done')
    await hears(new RegExp(`told: connection.(?:replaced|restored) of ${external}`))
    await hears(`${external}: 2 deals, read with version 2 of the token`)

    const offBoard = async () => {
      const answer = await fetch(`${PORTAL}/api/v1/connections/${connectionId}/off-board`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
      })
      return answer.json() as Promise<{ status: string; confirmedAt: string | null }>
    }
    expect(await offBoard()).toMatchObject({ status: 'off_boarding', confirmedAt: null })
    await hears(`${external}: its end has begun; its deals are removed, confirmed 20`)
    expect((await offBoard()).confirmedAt).not.toBeNull()
    const all = example.said.join('\n')
    expect(all).not.toContain(String(token))
    expect(all).not.toContain(secret)
    expect(example.said.filter((line) => line.includes(`refused version 1`) && line.startsWith(external))).toHaveLength(
      1,
    )
  } finally {
    example.process.kill()
    await portal('webhook', 'disable', webhookId)
  }
})
