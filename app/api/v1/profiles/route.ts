import { listProfiles } from '#lib/api/operations.ts'
import { profileOf } from '#lib/api/resources.ts'
import { routes, serve } from '#lib/api/serve.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles as findProfiles } from '#lib/data/profiles.ts'

const get = serve(listProfiles, async ({ integration }) => {
  const profiles = await findProfiles(db(), integration)
  const mine = profiles.filter(({ key }) => integration.profiles?.includes(key) ?? true)
  return { body: { data: mine.map(profileOf), nextCursor: null } }
})

export const { GET, POST, PUT, PATCH, DELETE } = routes({ GET: get })
export const dynamic = 'force-dynamic'
