import { Provider } from 'oidc-provider'

/**
 * The company's own sign-in: a real OpenID provider on loopback. Whoever signs in as `name` has the address `name`;
 * the company vouches for it unless it starts with `unverified`.
 */
export async function startCompany(port, portalOrigin) {
  const issuer = `http://localhost:${port}`
  const client = { clientId: 'latchkey', clientSecret: 'a-secret-for-tests-alone' }
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [`${portalOrigin}/api/auth/callback/company`],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['a-key-for-tests-alone'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unverified'), name: id }),
    }),
  })
  // Its pages would ask another host for a font.
  provider.use(async (context, next) => {
    await next()
    if (typeof context.body === 'string') context.body = context.body.replace(/@import url\([^)]*\);?/g, '')
  })
  const server = provider.listen(port, 'localhost')
  await new Promise((resolve) => server.once('listening', resolve))
  return { issuer, ...client }
}
