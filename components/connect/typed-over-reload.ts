/** What a form remembers while its page reloads itself. Never the token. */
export type KeptFields = { connectionName: string; domain: string; startDate: string }

const keyOf = (connectionId: string) => `typed-${connectionId}`

export function reloadKeeping(connectionId: string, fields: KeptFields): void {
  sessionStorage.setItem(keyOf(connectionId), JSON.stringify(fields))
  location.reload()
}

/** What the reload left, once. */
export function takeKept(connectionId: string): KeptFields | null {
  const kept = sessionStorage.getItem(keyOf(connectionId))
  sessionStorage.removeItem(keyOf(connectionId))
  return kept === null ? null : JSON.parse(kept)
}
