import { examine } from '#lib/operator/doctor.ts'

/** Ready for work: everything it depends on answers. Details are for the operator (`npm run portal -- doctor`). */
export async function GET(): Promise<Response> {
  const ready = (await examine()).every((check) => check.ok)
  return ready
    ? Response.json({ status: 'ready' })
    : Response.json({ status: 'unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
}

export const dynamic = 'force-dynamic'
