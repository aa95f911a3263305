import { defineProvider } from '../provider.ts'
import { reachPipedrive } from './client.ts'
import { pipedriveSchema } from './schema.ts'
import { verify } from './verify.ts'

export const pipedrive = defineProvider({
  id: 'pipedrive',
  name: 'Pipedrive',
  hostOf: (companyDomain) => `${companyDomain}.pipedrive.com`,
  baseUrlOf: (companyDomain) => `https://${companyDomain}.pipedrive.com/api`,
  schema: pipedriveSchema,
  verify: (input) => verify(input),
  reach: reachPipedrive,
})
