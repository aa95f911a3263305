import type { StaffRole } from '#lib/actor.ts'

const everybody = ['admin', 'account_manager', 'support'] as const

/**
 * The console's navigation: what exists, in order, and who may open it. Each page asks for the same roles by
 * `requireStaff(...section.<name>.roles)`; hiding a link protects nothing.
 */
export const section = {
  connections: { path: '/connections', roles: everybody },
  support: { path: '/support', roles: ['admin', 'support'] },
  profiles: { path: '/profiles', roles: everybody },
  audit: { path: '/audit', roles: ['admin'] },
  settings: { path: '/settings', roles: ['admin'] },
} as const satisfies Record<string, { path: string; roles: readonly StaffRole[] }>

export type SectionName = keyof typeof section

/** Who may ask customers for something; support looks after what was asked. */
export const requesters = ['admin', 'account_manager'] as const satisfies StaffRole[]

/** Who decides what integrations may ask for. */
export const profileEditors = ['admin'] as const satisfies StaffRole[]
