/**
 * What happens here, in numbers and spans, for whoever runs a collector. Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set:
 * nothing listens then, and nothing of OpenTelemetry is loaded. A label is one word of a closed list: never a team, a
 * customer, an address or anything that somebody typed.
 */
export const counters = {
  submissions: 'Presses of "Check and connect", by how they ended',
  checks: 'Regular looks at sealed tokens, by verdict',
  unwraps: 'Data keys unwrapped, by what for',
  audit_failures: 'Audit rows that could not be written; what they were about did not happen',
  limits_hit: 'Requests and checks that a limit held back, by limit',
} as const
export type Counter = keyof typeof counters
export type Labels = Record<string, string | number>

/** Where it goes. Must not throw, nor keep anybody waiting. */
export type Sink = {
  count(counter: Counter, labels: Labels): void
  span<T>(name: string, labels: Labels, work: () => Promise<T>): Promise<T>
}

const shared = globalThis as typeof globalThis & { latchkeyTelemetry?: Sink }

export function sendTelemetryTo(sink: Sink | undefined): void {
  shared.latchkeyTelemetry = sink
}

export function count(counter: Counter, labels: Labels = {}): void {
  shared.latchkeyTelemetry?.count(counter, labels)
}

/** Runs a piece of background work as a span of its own. */
export function traced<T>(name: string, labels: Labels, work: () => Promise<T>): Promise<T> {
  return shared.latchkeyTelemetry ? shared.latchkeyTelemetry.span(name, labels, work) : work()
}
