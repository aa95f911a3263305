import 'server-only'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProviderCompany } from '#lib/data/provider-pauses.ts'
import { beginPersonCheck, endPersonCheck, type Pause, pauseCompany } from '#lib/data/provider-pauses.ts'
import { hitLimit } from '#lib/data/rate-limits.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import type { CheckCode } from '#lib/providers/verdicts.ts'
import { UNNAMED_LIMIT_SECONDS } from './next-try.ts'

/**
 * How often we ask a provider (R12). The budget is the company's and its other tools eat from it too, so the little we may
 * do about it is shared by all processes, in one row for each company:
 *
 * - When a company's day is spent and the provider named its end, nobody calls that company before: calling on makes it
 *   worse. A person who submits meanwhile is told so at once and is done; a pause of seconds they wait out without
 *   noticing. After any other limit background work alone keeps still, for the time that was named or half a minute:
 *   the short window is each token's own, and whoever was refused has a longer time of their own, see next-try.ts.
 * - Checks that nobody waits for yield to people: one of them for each company in each of the provider's short windows,
 *   which leaves 14 of the 20 requests of the smallest plan to everybody else; none while a person's check of that
 *   company runs; none while the provider says that little is left.
 * - All background checks of all companies together stay below a rate of their own, since the question whose token it is
 *   goes to one host from one address.
 * - While a provider is in trouble, only a few regular looks a second find out when it is over.
 *
 * People's checks are bounded for each link (S9). Who is held back was not refused: it counts as no try, and nothing that
 * works looks broken for it.
 */
export const SHORT_WINDOW_SECONDS = 2
const PAUSE_WAITED_OUT_SECONDS_MAX = 3
/** A little more than a check may take, for the process that dies in the middle of one. */
const PERSON_CHECK_SECONDS_MAX = 15
/** Two full checks of six calls. */
const BURST_LEFT_MIN = 12
const BACKGROUND_CHECKS_PER_SECOND_MAX = 300
const PROBES = { windowSeconds: 10, hitsMax: 20 }

/** A check that somebody waits for. */
export async function checkForPerson(at: ProviderCompany, check: () => Promise<Verdict>): Promise<Verdict> {
  const { ticket, pause } = await beginPersonCheck(at, PERSON_CHECK_SECONDS_MAX)
  try {
    if (pause && pause.secondsLeft > PAUSE_WAITED_OUT_SECONDS_MAX) return notAsked(pause)
    if (pause) await sleep(pause.secondsLeft * 1_000)
    return await heedLimits(at, await check())
  } finally {
    await endPersonCheck(at, ticket)
  }
}

/** How many of so many checks in the background may run in this second. */
export async function backgroundChecksOf(checks: number): Promise<number> {
  const bucket = { bucket: 'checks:background', windowSeconds: 1, hitsMax: BACKGROUND_CHECKS_PER_SECOND_MAX }
  return (await hitLimit({ ...bucket, hits: checks })).granted
}

/** How many of so many regular looks may try out a provider that is in trouble. */
export async function probesOf(provider: string, looks: number): Promise<number> {
  return (await hitLimit({ bucket: `checks:probes:${provider}`, ...PROBES, hits: looks })).granted
}

/** Remembers for everybody what the provider's answers said about its limits. */
export async function heedLimits(at: ProviderCompany, verdict: Verdict): Promise<Verdict> {
  const { code, retryAfterSeconds, burst } = verdict
  if (code === 'RATE_LIMITED' || code === 'DAILY_LIMIT') {
    const seconds = retryAfterSeconds ?? UNNAMED_LIMIT_SECONDS
    // A spent day is the company's; the short window is each token's own, so it stops nobody who has another one.
    const forEveryone = code === 'DAILY_LIMIT' && retryAfterSeconds !== null
    await pauseCompany(at, { code, seconds, forEveryone })
  } else if (burst && burst.left < BURST_LEFT_MIN) {
    await pauseCompany(at, { code: 'RATE_LIMITED', seconds: burst.resetSeconds, forEveryone: false })
  }
  return verdict
}

/** What is known without a call: that the provider does not want one yet. */
function notAsked({ code, secondsLeft }: Pause): Verdict {
  return {
    code: code as CheckCode,
    owner: null,
    report: [],
    since: null,
    moreThanNeeded: false,
    surplus: [],
    retryAfterSeconds: secondsLeft,
    feature: null,
    asked: false,
    burst: null,
    calls: [],
  }
}
