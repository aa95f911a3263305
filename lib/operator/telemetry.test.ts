import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { metrics, trace } from '@opentelemetry/api'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import { connect } from '#lib/connection/connect.ts'
import { lookAgain } from '#lib/connection/watch.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { claimDueChecks } from '#lib/data/connection-checks.ts'
import { db } from '#lib/data/database.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import { env } from '#lib/env.ts'
import { fakeToken, startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { counters, traced } from '#lib/telemetry.ts'
import { startCollector } from '#lib/testing/collector.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import type { Asked } from '#lib/testing/story.ts'
import { ask, makeTeam, statusOf, typed } from '#lib/testing/story.ts'
import { freePort } from '../../bin/process.mjs'
import { startTelemetry } from './telemetry.ts'

let pipedrive: Awaited<ReturnType<typeof startFakePipedrive>>
let collector: Awaited<ReturnType<typeof startCollector>>
let operator: Operator

before(async () => {
  ;[pipedrive, collector] = await Promise.all([startFakePipedrive(), startCollector()])
})
after(() => Promise.all([pipedrive.close(), collector.close()]))

/** Of one process only one may be set up. */
function forgetOpenTelemetry(): void {
  trace.disable()
  metrics.disable()
}

async function startFor(endpoint: string) {
  Object.assign(env(), { otelEndpoint: endpoint })
  return startTelemetry()
}

async function journey(): Promise<Asked> {
  const asked = await ask(operator)
  await connect(asked.holder, typed('admin'))
  await db().updateTable('connectionChecks').set({ dueAt: sql<Date>`now()` }).execute()
  await lookAgain(await claimDueChecks({ limit: 10, leaseSeconds: 60 }))
  return asked
}

/** What Next puts on its spans, and a little more. */
function spansOfNext({ linkKey }: Asked): void {
  const path = `/l/${linkKey}?from=mail`
  const attributes = { 'http.method': 'GET', 'http.target': path, 'http.url': `http://localhost${path}` }
  const tracer = trace.getTracer('next.js')
  tracer
    .startSpan('GET', { attributes: { ...attributes, 'next.span_type': 'BaseServer.handleRequest' } })
    .setAttributes({ 'next.route': '/l/[linkKey]', 'http.route': '/l/[linkKey]', 'http.status_code': 303 })
    .end()
  const unmatched = tracer.startSpan(`GET ${path}`, { attributes: { 'next.span_name': `GET ${path}` } })
  unmatched.recordException(new Error(`cannot check ${fakeToken('admin')}`))
  unmatched.setStatus({ code: 2, message: fakeToken('admin') })
  unmatched.end()
}

// R27, S59
onEachEngine(
  () => {
    beforeEach(async () => {
      operator = await makeTeam()
    })

    test('a collector gets the figures and the routes, and no link, token, team or customer', async () => {
      const telemetry = await startFor(collector.url)
      const asked = await journey()
      spansOfNext(asked)
      await traced('letter', { letter: 'receipt' }, async () => {})
      for (let hit = 0; hit < 2; hit++)
        await hitLimit({ bucket: `resend:${asked.requestId}`, windowSeconds: 60, hitsMax: 1 })
      await assert.rejects(recordAudit(db(), operator, { action: 'team.created', objectId: null as unknown as string }))
      await telemetry.stop()
      forgetOpenTelemetry()

      const [traces, figures] = [collector.received.traces.join('\n'), collector.received.metrics.join('\n')]
      assert.match(traces, /BaseServer\.handleRequest GET \/l\/\[link/)
      assert.match(traces, /"latchkey\.letter"/)
      for (const figure of [...Object.keys(counters), 'outbox_age', 'check_lag', 'workers'])
        assert.match(figures, new RegExp(`"latchkey\\.${figure}"`))
      assert.match(figures, /"outcome","value":\{"stringValue":"OK"\}/)
      assert.match(figures, /"limit","value":\{"stringValue":"resend"\}/)
      const secrets = [asked.linkKey, fakeToken('admin'), fakeToken('regular')]
      const names = ['Northwind', 'Acme', 'acme', 'Jane', operator.teamId, asked.requestId, asked.connectionId]
      for (const sentinel of [...secrets, ...names])
        assert.ok(!(traces + figures).includes(sentinel), `"${sentinel.slice(0, 8)}…" was sent`)
    })

    test('a collector that is away keeps nobody waiting', async () => {
      const telemetry = await startFor(`http://127.0.0.1:${await freePort()}`)
      const asked = await journey()
      assert.equal((await statusOf(asked.connectionId)).status, 'connected')
      await telemetry.stop()
      forgetOpenTelemetry()
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)
