/** What a form remembers while its browser tab is elsewhere: at the list of connections, or reloading. Never the token. */
export type KeptFields = { connectionName: string; domain: string; startDate: string }

const keyOf = (connectionId: string) => `typed-${connectionId}`

/**
 * Keeps what stands in the fields now. `drawn` is what the server drew them with: once it knows something newer, from
 * here or from another browser, that counts.
 */
export function keepTyped(connectionId: string, { drawn, typed }: { drawn: KeptFields; typed: KeptFields }): void {
  // Somebody may have switched storage off; then nothing is remembered.
  try {
    sessionStorage.setItem(keyOf(connectionId), JSON.stringify({ drawn, typed }))
  } catch {}
}

/** What was typed before on what the server still draws, or null. */
export function findTyped(connectionId: string, drawn: KeptFields): KeptFields | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(connectionId)) ?? 'null')
    return kept && isSame(kept.drawn, drawn) ? onlyFields(kept.typed) : null
  } catch {
    return null
  }
}

const isSame = (one: KeptFields, other: KeptFields) =>
  JSON.stringify(onlyFields(one)) === JSON.stringify(onlyFields(other))

function onlyFields({ connectionName, domain, startDate }: KeptFields): KeptFields {
  return { connectionName, domain, startDate }
}
