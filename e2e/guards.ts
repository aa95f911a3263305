import type { StaffRole } from '../lib/actor.ts'

/**
 * Who may use what: one row for each page, route handler and Server Action. `guards.spec.ts` reads the file system and
 * fails for whatever has no row here, and asks the running portal whether each row is true.
 */
type Guard =
  /** Anybody may open it: it shows nothing of anybody's. */
  | { guard: 'public' }
  /** The holder of a secure link; `links.spec.ts` and `connect.spec.ts` try it with and without. */
  | { guard: 'customer' }
  | { guard: 'staff'; roles: readonly StaffRole[] }

const everybody = ['admin', 'account_manager', 'support'] as const
const admins = ['admin'] as const
const requesters = ['admin', 'account_manager'] as const

/**
 * Pages and route handlers. Staff pages with an id in their address name an address to try, and what it answers to a
 * role that fits where that is not 200.
 */
export const routes: Record<string, Guard & { address?: string; method?: 'POST'; answers?: number }> = {
  'app/page.tsx': { guard: 'public' },
  'app/guides/pipedrive/page.tsx': { guard: 'public' },
  'app/(customer)/help/page.tsx': { guard: 'public' },
  'app/api/health/route.ts': { guard: 'public' },
  'app/api/ready/route.ts': { guard: 'public' },
  'app/api/csp-report/route.ts': { guard: 'public' },
  'app/outbox/page.tsx': { guard: 'public' },
  'app/outbox/[mailId]/page.tsx': { guard: 'public' },
  'app/sign-in/page.tsx': { guard: 'public' },
  'app/sign-in/company/route.ts': { guard: 'public' },
  'app/sign-in/link/[linkKey]/page.tsx': { guard: 'public' },
  'app/api/auth/callback/company/route.ts': { guard: 'public' },
  'app/l/[linkKey]/page.tsx': { guard: 'customer' },
  'app/(customer)/checklist/[requestId]/page.tsx': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/page.tsx': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/done/page.tsx': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/visited/route.ts': { guard: 'customer' },
  'app/(team)/connections/page.tsx': { guard: 'staff', roles: everybody },
  'app/(team)/connections/bulk/page.tsx': { guard: 'staff', roles: everybody },
  'app/api/board/route.ts': { guard: 'staff', roles: everybody },
  'app/(team)/connections/new/page.tsx': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/delete/page.tsx': { guard: 'staff', roles: requesters, answers: 404 },
  'app/(team)/connections/new/import/page.tsx': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/import/[importId]/page.tsx': { guard: 'staff', roles: requesters, answers: 404 },
  'app/(team)/connections/new/import/example/route.ts': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/import/upload/route.ts': {
    guard: 'staff',
    roles: requesters,
    method: 'POST',
    answers: 303,
  },
  'app/(team)/profiles/page.tsx': { guard: 'staff', roles: everybody },
  'app/(team)/profiles/new/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/profiles/[profileKey]/page.tsx': {
    guard: 'staff',
    roles: everybody,
    address: '/profiles/read-only-sync',
  },
  'app/(team)/profiles/[profileKey]/disable/page.tsx': {
    guard: 'staff',
    roles: admins,
    address: '/profiles/no-such/disable',
    answers: 404,
  },
  'app/(team)/settings/page.tsx': { guard: 'staff', roles: admins },
}

/** Server Actions. Each can be posted to every page of the portal, so only its own check counts. */
export const actions: Record<string, Guard> = {
  'app/sign-in/actions.ts askLinkAction': { guard: 'public' },
  'app/sign-in/actions.ts confirmLinkAction': { guard: 'public' },
  'app/l/[linkKey]/page.tsx askAction': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/actions.ts connectAction': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/actions.ts confirmAction': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/actions.ts mailAgainAction': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/actions.ts showCodeAction': { guard: 'customer' },
  'app/(customer)/connect/[connectionId]/actions.ts mailReceiptAction': { guard: 'customer' },
  'app/(team)/actions.ts signOutAction': { guard: 'staff', roles: everybody },
  'app/(team)/actions.ts chooseThemeAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/bulk/actions.ts bulkAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/new/actions.ts requestAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/actions.ts previewAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/actions.ts deleteDraftAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/import/[importId]/actions.ts sendListAction': { guard: 'staff', roles: requesters },
  'app/(team)/profiles/actions.ts profileAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts readsAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts disableProfileAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts enableProfileAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts addMemberAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts changeRoleAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts disableMemberAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts enableMemberAction': { guard: 'staff', roles: admins },
}
