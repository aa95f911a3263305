import 'server-only'
import type { Attributes, DiagLogger } from '@opentelemetry/api'
import { context, DiagLogLevel, diag, metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { checkLagSeconds, outboxAgeSeconds } from '#lib/data/health.ts'
import { readWorkers } from '#lib/data/workers.ts'
import { log, scrub } from '#lib/log.ts'
import type { Counter, Sink } from '#lib/telemetry.ts'
import { counters, sendTelemetryTo } from '#lib/telemetry.ts'
import type { Telemetry } from './telemetry.ts'

const METRICS_EVERY_MS = 60_000
const EXPORT_TIMEOUT_MS = 5_000
const STOP_TIMEOUT_MS = 3_000
const TROUBLE_EVERY_MS = 60_000

/** Loaded only where a collector is named: traces and metrics by OTLP over HTTP, kept apart from what requests wait for. */
export function openTelemetry(endpoint: string): Telemetry {
  diag.setLogger(quietly(), { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true })
  const resource = resourceFromAttributes({ 'service.name': 'latchkey' })
  const addressOf = (signal: string) => ({
    url: `${endpoint.replace(/\/+$/, '')}/v1/${signal}`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })

  const exporter = withoutPaths(new OTLPTraceExporter(addressOf('traces')))
  const tracers = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(tracers)

  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(addressOf('metrics')),
    exportIntervalMillis: METRICS_EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  })
  const meters = new MeterProvider({ resource, readers: [reader] })
  metrics.setGlobalMeterProvider(meters)
  watchQueues(meters)
  sendTelemetryTo(sinkOf(tracers, meters))

  return {
    stop: async () => {
      sendTelemetryTo(undefined)
      const done = Promise.allSettled([tracers.shutdown(), meters.shutdown()])
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())])
    },
  }
}

function sinkOf(tracers: TracerProvider, meters: MeterProvider): Sink {
  const meter = meters.getMeter('latchkey')
  const tracer = tracers.getTracer('latchkey')
  const names = Object.keys(counters) as Counter[]
  const made = new Map(
    names.map((name) => [name, meter.createCounter(`latchkey.${name}`, { description: counters[name] })]),
  )
  return {
    count: (name, labels) => made.get(name)?.add(1, labels),
    span: (name, labels, work) =>
      tracer.startActiveSpan(name, { attributes: prefixed(labels) }, async (span) => {
        try {
          return await work()
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      }),
  }
}

const OURS = 'latchkey.'

function prefixed(labels: Attributes): Attributes {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${OURS}${key}`, value]))
}

/** Asked when figures are sent. Without a database there is nothing to tell. */
function watchQueues(meters: MeterProvider): void {
  const meter = meters.getMeter('latchkey')
  for (const [name, description, unit, read] of [
    ['outbox_age', 'How long the letter that is due longest has waited', 's', outboxAgeSeconds],
    ['check_lag', 'How late the live check is that is due longest', 's', checkLagSeconds],
    ['workers', 'How many processes do background work', '{process}', async () => (await readWorkers()).alive],
  ] as const)
    meter.createObservableGauge(`latchkey.${name}`, { description, unit }).addCallback(async (result) => {
      const value = await read().catch(() => null)
      if (value !== null) result.observe(value)
    })
}

/** What a span may tell. Everything else goes, above all `http.target`: a path may be a secure link. */
const KEPT = new Set([
  'error.type',
  'http.method',
  'http.route',
  'http.status_code',
  'next.route',
  'next.rsc',
  'next.span_type',
])

/** Next names some spans by the path, and its errors may quote anything: names are made anew, and events stay here. */
function withoutPaths(next: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => next.export(spans.map(cleaned), done),
    forceFlush: async () => next.forceFlush?.(),
    shutdown: () => next.shutdown(),
  }
}

function cleaned(span: ReadableSpan): ReadableSpan {
  const kept = Object.entries(span.attributes).filter(([key]) => KEPT.has(key) || key.startsWith(OURS))
  const attributes: Attributes = Object.fromEntries(
    kept.map(([key, value]) => [key, typeof value === 'string' ? scrub(value) : value]),
  )
  return {
    name: nameOf(span, attributes),
    kind: span.kind,
    spanContext: () => span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes,
    links: [],
    events: [],
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function nameOf(span: ReadableSpan, attributes: Attributes): string {
  if (span.instrumentationScope.name === 'latchkey') return span.name
  const parts = [attributes['next.span_type'], attributes['http.method'], attributes['next.route']]
  return parts.filter(Boolean).join(' ') || 'span'
}

/** A collector that is away says so once a minute, not at each try. */
function quietly(): DiagLogger {
  let toldAt = Number.NEGATIVE_INFINITY
  const nothing = () => {}
  return {
    error: (message) => {
      if (performance.now() - toldAt < TROUBLE_EVERY_MS) return
      toldAt = performance.now()
      log.warn('telemetry.trouble', { reason: message })
    },
    warn: nothing,
    info: nothing,
    debug: nothing,
    verbose: nothing,
  }
}
