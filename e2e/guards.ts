import type { StaffRole } from '../lib/actor.ts'
import type { Scope } from '../lib/scopes.ts'

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
  /** A machine of the team, whose key has one of these scopes. No cookie of a person opens it. */
  | { guard: 'integration'; methods: Partial<Record<'GET' | 'POST' | 'DELETE', readonly Scope[]>> }

const everybody = ['admin', 'account_manager', 'support'] as const
const admins = ['admin'] as const
const requesters = ['admin', 'account_manager'] as const

const support = ['admin', 'support'] as const

/** An id of nobody: whoever may open the page reads that there is none. */
const noCase = (base: string) => ({ address: `/${base}/con_${'0'.repeat(26)}`, answers: 404 })

/**
 * Pages and route handlers. Staff pages with an id in their address name an address to try, and what it answers to a
 * role that fits where that is not 200.
 */
export const routes: Record<string, Guard & { address?: string; method?: 'POST'; answers?: number }> = {
  'app/page.tsx': { guard: 'public' },
  'app/guides/[provider]/page.tsx': { guard: 'public' },
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
  'app/(customer)/disconnect/[connectionId]/page.tsx': { guard: 'customer' },
  'app/(customer)/decline/[requestId]/page.tsx': { guard: 'customer' },
  'app/(customer)/hand-over/[requestId]/page.tsx': { guard: 'customer' },
  // Whoever has the signed address may stop these reminders, and do nothing else.
  'app/(customer)/reminders/[stopKey]/page.tsx': { guard: 'public' },
  'app/api/stop-reminders/[stopKey]/route.ts': { guard: 'public' },
  'app/brand/[digest]/route.ts': { guard: 'public' },
  'app/brand-colour/[colour]/route.ts': { guard: 'public' },
  'app/(team)/connections/page.tsx': { guard: 'staff', roles: everybody },
  'app/(team)/connections/bulk/page.tsx': { guard: 'staff', roles: everybody },
  'app/api/board/route.ts': { guard: 'staff', roles: everybody },
  'app/(team)/hand-overs/[handOverId]/page.tsx': {
    guard: 'staff',
    roles: requesters,
    address: '/hand-overs/hnd_unknown',
    answers: 404,
  },
  'app/(team)/connections/[connectionId]/page.tsx': { guard: 'staff', roles: everybody, ...noCase('connections') },
  'app/(team)/support/page.tsx': { guard: 'staff', roles: support },
  'app/(team)/support/[connectionId]/page.tsx': { guard: 'staff', roles: support, ...noCase('support') },
  'app/preview/[connectionId]/page.tsx': { guard: 'staff', roles: support, ...noCase('preview') },
  'app/(team)/audit/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/audit/export/route.ts': { guard: 'staff', roles: admins },
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
  'app/(team)/settings/keys/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/settings/keys/new/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/new/page.tsx': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/[endpointId]/page.tsx': {
    guard: 'staff',
    roles: admins,
    address: `/settings/webhooks/whe_${'0'.repeat(26)}`,
    answers: 404,
  },
  'app/(team)/settings/webhooks/[endpointId]/change/page.tsx': {
    guard: 'staff',
    roles: admins,
    address: `/settings/webhooks/whe_${'0'.repeat(26)}/change`,
    answers: 404,
  },
  'app/docs/api/page.tsx': { guard: 'public' },
  'app/api/openapi.json/route.ts': { guard: 'public' },
  'app/api/v1/[...unknown]/route.ts': { guard: 'public' },
  'app/api/v1/requests/route.ts': { guard: 'integration', methods: { POST: ['requests:write'] } },
  'app/api/v1/requests/[requestId]/route.ts': {
    guard: 'integration',
    methods: { GET: ['connections:read'] },
    address: `/api/v1/requests/req_${'0'.repeat(26)}`,
  },
  'app/api/v1/requests/[requestId]/link/route.ts': {
    guard: 'integration',
    methods: { POST: ['requests:write'], DELETE: ['requests:write'] },
    address: `/api/v1/requests/req_${'0'.repeat(26)}/link`,
  },
  'app/api/v1/connections/route.ts': { guard: 'integration', methods: { GET: ['connections:read'] } },
  'app/api/v1/connections/[connectionId]/route.ts': {
    guard: 'integration',
    methods: { GET: ['connections:read'] },
    address: `/api/v1/connections/con_${'0'.repeat(26)}`,
  },
  'app/api/v1/connections/[connectionId]/credential/route.ts': {
    guard: 'integration',
    methods: { POST: ['credentials:read'] },
    address: `/api/v1/connections/con_${'0'.repeat(26)}/credential`,
  },
  'app/api/v1/connections/[connectionId]/report/route.ts': {
    guard: 'integration',
    methods: { POST: ['connections:write'] },
    address: `/api/v1/connections/con_${'0'.repeat(26)}/report`,
  },
  'app/api/v1/connections/[connectionId]/off-board/route.ts': {
    guard: 'integration',
    methods: { POST: ['connections:write'] },
    address: `/api/v1/connections/con_${'0'.repeat(26)}/off-board`,
  },
  'app/api/v1/connections/[connectionId]/off-board/confirm/route.ts': {
    guard: 'integration',
    methods: { POST: ['connections:write'] },
    address: `/api/v1/connections/con_${'0'.repeat(26)}/off-board/confirm`,
  },
  'app/api/v1/events/route.ts': { guard: 'integration', methods: { GET: ['events:read'] } },
  'app/api/v1/profiles/route.ts': {
    guard: 'integration',
    methods: { GET: ['connections:read', 'requests:write'] },
  },
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
  'app/(customer)/connect/[connectionId]/actions.ts askQuestionAction': { guard: 'customer' },
  'app/(customer)/disconnect/[connectionId]/actions.ts withdrawAction': { guard: 'customer' },
  'app/(customer)/disconnect/[connectionId]/actions.ts checkEndAction': { guard: 'customer' },
  'app/(customer)/decline/[requestId]/actions.ts declineAction': { guard: 'customer' },
  'app/(customer)/hand-over/[requestId]/actions.ts handOverAction': { guard: 'customer' },
  'app/(customer)/reminders/[stopKey]/actions.ts stopRemindersAction': { guard: 'public' },
  'app/(team)/hand-overs/[handOverId]/actions.ts approveAction': { guard: 'staff', roles: requesters },
  'app/(team)/hand-overs/[handOverId]/actions.ts refuseAction': { guard: 'staff', roles: requesters },
  'app/(team)/settings/look-actions.ts changeLookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/look-actions.ts changeMailAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/look-actions.ts changeLogoAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/look-actions.ts removeLogoAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/look-actions.ts sendTestMailAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/look-actions.ts sendSamplesAction': { guard: 'staff', roles: admins },
  'app/(team)/actions.ts signOutAction': { guard: 'staff', roles: everybody },
  'app/(team)/actions.ts chooseThemeAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/bulk/actions.ts bulkAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts resendAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts extendAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts revokeAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts copyAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts addressAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts proposeAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts useAddressAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts keepAddressAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts backupAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts acceptAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts refuseAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts companyAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts checkAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts rotateAction': { guard: 'staff', roles: everybody },
  'app/(team)/connections/[connectionId]/actions.ts closeAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts callOffAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/[connectionId]/actions.ts freezeAction': { guard: 'staff', roles: support },
  'app/(team)/freezes/actions.ts freezeTeamAction': { guard: 'staff', roles: support },
  'app/(team)/freezes/actions.ts freezeCustomerAction': { guard: 'staff', roles: support },
  'app/(team)/freezes/actions.ts thawAction': { guard: 'staff', roles: admins },
  'app/(team)/support/actions.ts lookUpAction': { guard: 'staff', roles: support },
  'app/(team)/connections/new/actions.ts requestAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/actions.ts previewAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/actions.ts deleteDraftAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/actions.ts forgetTypedAction': { guard: 'staff', roles: requesters },
  'app/(team)/connections/new/import/[importId]/actions.ts sendListAction': { guard: 'staff', roles: requesters },
  'app/(team)/profiles/actions.ts profileAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts readsAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts disableProfileAction': { guard: 'staff', roles: admins },
  'app/(team)/profiles/actions.ts enableProfileAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/keys/actions.ts createKeyAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/keys/actions.ts rotateKeyAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/keys/actions.ts endKeyAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/keys/actions.ts revokeKeyAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts createWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts changeWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts testWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts replayAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts replayAllAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts enableWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts disableWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts rollSecretAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/webhooks/actions.ts deleteWebhookAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts addMemberAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts changeRoleAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts disableMemberAction': { guard: 'staff', roles: admins },
  'app/(team)/settings/actions.ts enableMemberAction': { guard: 'staff', roles: admins },
}
