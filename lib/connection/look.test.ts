import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TokenOwner, Verdict } from '#lib/providers/provider.ts'
import type { CheckCode, VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { judgeLook } from './look.ts'

const owner: TokenOwner = {
  userId: '7',
  userName: 'Jane',
  userEmail: 'jane@acme.example',
  companyId: '9',
  companyName: 'Acme',
  companyDomain: 'acme',
  accountAdmin: true,
}

function seen(code: CheckCode, over: Partial<Verdict> = {}): Verdict {
  const nothing = {
    report: [],
    since: null,
    asked: true,
    burst: null,
    moreThanNeeded: false,
    surplus: [],
    retryAfterSeconds: null,
    feature: null,
    calls: [],
  }
  return { code, owner, ...nothing, ...over }
}

const connected = { status: 'connected', isStopped: false, verdictCode: 'OK', companyId: '9', userId: '7' } as const
const limited = { ...connected, status: 'connected_limited', verdictCode: 'LIMITED_ACCESS' } as const
const stopped = { ...connected, status: 'stopped', isStopped: true, verdictCode: 'STOPPED_WORKING' } as const
const report: Verdict['report'] = [{ capability: 'read_deals', group: 'reads', result: 'yes', evidence: 'read_some' }]

for (const [title, known, verdict, look] of [
  ['accepted', connected, seen('OK'), { kind: 'fine' }],
  ['refused', connected, seen('TOKEN_REJECTED', { owner: null }), { kind: 'refused', code: 'TOKEN_REJECTED' }],
  ['a deactivated user', connected, seen('USER_INACTIVE'), { kind: 'refused', code: 'USER_INACTIVE' }],
  [
    'a limit',
    connected,
    seen('RATE_LIMITED', { owner: null, retryAfterSeconds: 9 }),
    { kind: 'unanswered', retryAfterSeconds: 9 },
  ],
  [
    'somebody else',
    connected,
    seen('OK', { owner: { ...owner, userId: '8' } }),
    { kind: 'unanswered', retryAfterSeconds: null },
  ],
  ['another address of the same company', connected, seen('COMPANY_MISMATCH'), { kind: 'renamed' }],
  ['an admin no more', connected, seen('NOT_ADMIN'), { kind: 'rights', to: 'connected_limited', code: 'NOT_ADMIN' }],
  ['limits as before', limited, seen('LIMITED_ACCESS', { report }), { kind: 'fine' }],
  ['limits, and only the owner was asked', limited, seen('OK'), { kind: 'fine' }],
  ['limits that are gone', limited, seen('OK', { report }), { kind: 'rights', to: 'connected', code: 'OK' }],
  ['accepted again', stopped, seen('OK'), { kind: 'working', to: 'connected', code: 'OK' }],
  ['still refused', stopped, seen('TOKEN_REJECTED', { owner: null }), { kind: 'refused', code: 'TOKEN_REJECTED' }],
] as const) {
  test(`a look that finds: ${title}`, () => assert.deepEqual(judgeLook(known, verdict), look))
}

test('nothing but a proved owner makes a connection better or worse, and a wait never does', () => {
  const codes = (Object.keys(verdicts) as VerdictCode[]).filter((code) => verdicts[code].severity === 'wait')
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      fc.constantFrom(connected, limited, stopped),
      fc.boolean(),
      (code, known, hasOwner) => {
        const { kind } = judgeLook(known, seen(code as CheckCode, { owner: hasOwner ? owner : null }))
        assert.equal(kind, 'unanswered')
      },
    ),
  )
  for (const code of ['OK', 'LIMITED_ACCESS', 'NOT_ADMIN', 'COMPANY_MISMATCH'] as const)
    assert.equal(judgeLook(connected, seen(code, { owner: null })).kind, 'unanswered')
})
