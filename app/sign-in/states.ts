/** Everything the sign-in page may have to say. In addresses, so that it works without scripts. */
export const signInStates = [
  'start',
  'sent',
  'signed-out',
  'ended',
  'again',
  'no-role',
  'wrong-account',
  'link-ended',
  'failed',
] as const

export type SignInState = (typeof signInStates)[number]
