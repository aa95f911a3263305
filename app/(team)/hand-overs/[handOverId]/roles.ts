/** Whose yes it takes. Support helps with links that exist; who may get one is not theirs to decide. */
export const decides = ['admin', 'account_manager'] as const
