/** What proves that a token is dead: who it belonged to, and how the provider refused it. Nothing secret. */
export type EndProof = {
  userName: string | null
  userId: string | null
  companyName: string | null
  companyDomain: string | null
  /** Version of the credential that was erased. */
  version: number
  /** RFC 3339; the two refusals, when the token is proved dead. */
  firstRefusedAt: string | null
  refusedAt: string | null
  /** The call that was refused and its HTTP status. */
  call: string | null
  httpStatus: number | null
  requestId: string | null
}
