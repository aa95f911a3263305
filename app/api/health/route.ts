/** Alive: this process answers. Says nothing about what it depends on; that is `/api/ready`. */
export function GET(): Response {
  return Response.json({ status: 'ok' })
}

export const dynamic = 'force-dynamic'
