/** Everything an integration may be told about; the list is part of the API. */
export const eventTypes = [
  'request.sent',
  'request.delivery_failed',
  'request.opened',
  'request.expired',
  'connection.ready',
  'connection.replaced',
  'connection.degraded',
  'connection.needs_attention',
  'connection.restored',
  'connection.frozen',
  'connection.thawed',
  'connection.withdrawn',
  'connection.offboarding',
  'connection.kept',
  'connection.proved_dead',
] as const
export type EventType = (typeof eventTypes)[number]
