import { defineProvider } from '../provider.ts'
import { companyBase, headersOf, reachPipedrive } from './client.ts'
import { pipedriveSchema } from './schema.ts'
import { verify } from './verify.ts'

export const pipedrive = defineProvider({
  id: 'pipedrive',
  name: 'Pipedrive',
  hostOf: (companyDomain) => `${companyDomain}.pipedrive.com`,
  baseUrlOf: companyBase,
  headersOf,
  schema: pipedriveSchema,
  verify: (input) => verify(input),
  reach: reachPipedrive,
  guide: async () => (await import('./guide/guide.ts')).guide,
})
