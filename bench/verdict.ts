import { Agent, get } from 'node:http'
import { proven } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { closeDatabase, db } from '#lib/data/database.ts'
import { migrate } from '#lib/data/migrate.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { env } from '#lib/env.ts'
import { Secret } from '#lib/secret.ts'

/**
 * Child of `run.mjs`: what a customer waits for, from the press to the stored verdict, and beside each the same calls
 * to the same fake Pipedrive made bare.
 */
const WARM_UP = 10
const credentials: { company: string; apiToken: string; userId: number }[] = JSON.parse(process.argv[2] ?? '[]')
const agent = new Agent({ keepAlive: true })

await migrate()
const team = await insertTeam(db(), { name: 'Bench', supportEmail: null })
const operator = proven<'operator'>({ kind: 'operator', teamId: team.id })
const measured: { totalMs: number; chainMs: number }[] = []
for (const credential of credentials) {
  const submit = await ask(credential)
  const chainMs = await timed(() => callChain(credential))
  const totalMs = await timed(submit)
  measured.push({ totalMs, chainMs })
}
agent.destroy()
await closeDatabase()
process.send?.(measured.slice(WARM_UP), () => process.disconnect())

/** A customer with an open link; answers the press of the button. */
async function ask({ company, apiToken }: { company: string; apiToken: string }): Promise<() => Promise<void>> {
  const { id, connections } = await requestConnections(operator, {
    customer: company,
    contact: { name: 'Jane Miller', email: 'jane@acme.example' },
    deliver: 'link',
    connections: [{ provider: 'pipedrive', profile: 'two-way-crm' }],
  })
  const link = await findNewestLink(db(), { teamId: team.id, requestId: id })
  const [connection] = connections
  if (!link || !connection) throw new Error('a request without a link')
  const holder = proven<'link_holder'>({
    kind: 'link_holder',
    teamId: team.id,
    requestId: id,
    linkId: link.id,
    connectionId: connection.id,
    address: null,
  })
  const submission = {
    connectionName: company,
    domain: company,
    apiToken: new Secret(apiToken),
    startDate: null,
    submissionKey: crypto.randomUUID(),
  }
  return async () => {
    const outcome = await connect(holder, submission)
    if (outcome.kind !== 'settled' || outcome.verdictCode !== 'OK') throw new Error(JSON.stringify(outcome))
  }
}

/** The calls of a full check, one after the other where one needs the other's answer. */
async function callChain({ company, apiToken, userId }: (typeof credentials)[number]): Promise<void> {
  const base = env().pipedriveBaseUrl
  await read(`${base}/v1/users/me`, apiToken)
  const lists = ['deals', 'persons', 'organizations', 'activities'].map((entity) => `v2/${entity}?limit=1`)
  await Promise.all(
    [`v1/users/${userId}/permissions`, ...lists].map((path) => read(`${base}/${company}/api/${path}`, apiToken)),
  )
}

function read(url: string, apiToken: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'x-api-token': apiToken } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode} from the fake`))
      answer.on('error', reject).on('end', resolve).resume()
    }).on('error', reject)
  })
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
