/** What a key may be allowed to do. A closed list: the API names one of these for each of its calls. */
export const scopes = [
  'requests:write',
  'connections:read',
  'connections:write',
  'credentials:read',
  'events:read',
] as const
export type Scope = (typeof scopes)[number]
