import { giveCredential } from '#lib/api/credential.ts'
import { routes } from '#lib/api/serve.ts'

export const { GET, POST, PUT, PATCH, DELETE } = routes({ POST: giveCredential })
export const dynamic = 'force-dynamic'
