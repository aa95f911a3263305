import type { ProviderId } from './fields.ts'
import { pipedrive } from './pipedrive/provider.ts'
import type { Provider } from './provider.ts'

export const providers: Record<ProviderId, Provider> = { pipedrive }
