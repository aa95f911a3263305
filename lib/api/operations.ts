import 'server-only'
import { operation } from './operation.ts'
import {
  acceptedReport,
  connectionDetail,
  connectionList,
  connectionParams,
  createdRequest,
  credential,
  credentialOrder,
  ending,
  eventList,
  eventQuery,
  linkOrder,
  listQuery,
  newLink,
  nothing,
  observation,
  offBoardOrder,
  profileList,
  requestParams,
  requestResource,
  requestSchema,
} from './schemas.ts'

/** Every call of version 1. A new one stands here and has its route below `app/api/v1`; the build fails for half of it. */

export const createRequest = operation({
  id: 'createRequest',
  method: 'POST',
  path: '/api/v1/requests',
  summary: 'Ask a customer for credentials',
  description:
    'Stores a request with one or more connections and makes its secure link. With `deliver: "mail"` we write to the contact; with `deliver: "link"` the link is in the answer, this once, and you hand it over.',
  scopes: ['requests:write'],
  params: nothing,
  query: nothing,
  body: requestSchema,
  success: { status: 201, description: 'The request was made.', schema: createdRequest },
  problems: ['limited_key'],
  idempotent: true,
  limit: 'calls',
})

export const readRequest = operation({
  id: 'readRequest',
  method: 'GET',
  path: '/api/v1/requests/{requestId}',
  summary: 'Read a request',
  description: 'Whom it went to, where its link stands, and its connections.',
  scopes: ['connections:read'],
  params: requestParams,
  query: nothing,
  body: null,
  success: { status: 200, description: 'The request.', schema: requestResource },
  problems: ['not_found'],
  conditional: true,
  limit: 'calls',
})

export const rotateRequestLink = operation({
  id: 'rotateRequestLink',
  method: 'POST',
  path: '/api/v1/requests/{requestId}/link',
  summary: 'Make a new link',
  description: 'Sends the request again. The link before stops working in the same moment. Five times an hour at most.',
  scopes: ['requests:write'],
  params: requestParams,
  query: nothing,
  body: linkOrder,
  bodyOptional: true,
  success: { status: 201, description: 'The link was made.', schema: newLink },
  problems: ['not_found', 'link_not_needed'],
  idempotent: true,
  limit: 'calls',
})

export const revokeRequestLink = operation({
  id: 'revokeRequestLink',
  method: 'DELETE',
  path: '/api/v1/requests/{requestId}/link',
  summary: 'Revoke the link',
  description:
    'Ends the link for everybody who has it. What is connected stays connected. A second call changes nothing and is answered alike.',
  scopes: ['requests:write'],
  params: requestParams,
  query: nothing,
  body: null,
  success: { status: 204, description: 'No link of the request works any more.', schema: null },
  problems: ['not_found'],
  limit: 'calls',
})

export const listConnections = operation({
  id: 'listConnections',
  method: 'GET',
  path: '/api/v1/connections',
  summary: 'List connections',
  description:
    'The newest first. Follow `nextCursor` until it is null; a change meanwhile neither skips nor repeats one.',
  scopes: ['connections:read'],
  params: nothing,
  query: listQuery,
  body: null,
  success: { status: 200, description: 'A page of connections.', schema: connectionList },
  problems: [],
  conditional: true,
  limit: 'calls',
})

export const readConnection = operation({
  id: 'readConnection',
  method: 'GET',
  path: '/api/v1/connections/{connectionId}',
  summary: 'Read a connection',
  description: 'Where it stands, whose turn it is, when it is checked next, and what its token can do.',
  scopes: ['connections:read'],
  params: connectionParams,
  query: nothing,
  body: null,
  success: { status: 200, description: 'The connection.', schema: connectionDetail },
  problems: ['not_found'],
  conditional: true,
  limit: 'calls',
})

export const readCredential = operation({
  id: 'readCredential',
  method: 'POST',
  path: '/api/v1/connections/{connectionId}/credential',
  summary: 'Read the credential',
  description:
    'The token of a connection, ready to use. Read it when you need it and keep it nowhere. Each read says what for and is in the audit log; it is never cached, and an Idempotency-Key changes nothing. With `Accept: application/jose` and a public key at the API key the answer is a JWE that only you can open. `hand_off_frozen`: people stopped hand-off in an emergency; stop using the copies you have, and wait for the event `connection.thawed`. `misdirected`: this installation gives credentials out at an address of its own, which the answer names.',
  scopes: ['credentials:read'],
  params: connectionParams,
  query: nothing,
  body: credentialOrder,
  success: { status: 200, description: 'The credential in force.', schema: credential },
  problems: [
    'not_found',
    'not_connected',
    'needs_action',
    'waiting_for_provider',
    'stopped',
    'off_boarding',
    'closed',
    'hand_off_frozen',
    'not_acceptable',
    'misdirected',
  ],
  limit: 'credentials',
})

export const reportConnection = operation({
  id: 'reportConnection',
  method: 'POST',
  path: '/api/v1/connections/{connectionId}/report',
  summary: 'Report a refusal',
  description:
    'The provider answered you with 401 or another refusal: we check the token ourselves, before all others. Ten reports of a connection in ten minutes at most.',
  scopes: ['connections:write'],
  params: connectionParams,
  query: nothing,
  body: observation,
  success: { status: 202, description: 'The check is queued.', schema: acceptedReport },
  problems: ['not_found', 'nothing_to_check'],
  idempotent: true,
  limit: 'calls',
})

export const offBoardConnection = operation({
  id: 'offBoardConnection',
  method: 'POST',
  path: '/api/v1/connections/{connectionId}/off-board',
  summary: 'Begin the end of a connection',
  description:
    'From now on nobody reads the credential, the customer is asked by mail to withdraw the token, and we ask the provider until it refuses it: that is the proof. A second call changes nothing and is answered alike.',
  scopes: ['connections:write'],
  params: connectionParams,
  query: nothing,
  body: offBoardOrder,
  bodyOptional: true,
  success: { status: 202, description: 'The end has begun.', schema: ending },
  problems: ['not_found', 'not_connected', 'waiting_for_provider', 'closed'],
  idempotent: true,
  limit: 'calls',
})

export const confirmOffBoard = operation({
  id: 'confirmOffBoard',
  method: 'POST',
  path: '/api/v1/connections/{connectionId}/off-board/confirm',
  summary: 'Confirm the end',
  description:
    'Says that your system has stopped and removed what it had set up with the token, such as its webhooks. It is part of the proof. A second call changes nothing and is answered alike.',
  scopes: ['connections:write'],
  params: connectionParams,
  query: nothing,
  body: null,
  success: { status: 200, description: 'It is noted.', schema: ending },
  problems: ['not_found', 'not_off_boarding'],
  limit: 'calls',
})

export const listEvents = operation({
  id: 'listEvents',
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Read events',
  description:
    'What happened, the oldest first, each once. Keep `nextCursor` and ask with it again: it is always given, and you miss nothing and read nothing twice. Events are kept for 90 days: whoever stays away longer gets `cursor_expired`.',
  scopes: ['events:read'],
  params: nothing,
  query: eventQuery,
  body: null,
  success: { status: 200, description: 'Events after the cursor; none when there is nothing new.', schema: eventList },
  problems: ['cursor_expired'],
  conditional: true,
  limit: 'calls',
})

export const listProfiles = operation({
  id: 'listProfiles',
  method: 'GET',
  path: '/api/v1/profiles',
  summary: 'List profiles',
  description: 'What your team can ask a token for. A request names a profile by its key.',
  scopes: ['connections:read', 'requests:write'],
  params: nothing,
  query: nothing,
  body: null,
  success: { status: 200, description: 'All profiles, the built-in ones first.', schema: profileList },
  problems: [],
  conditional: true,
  limit: 'calls',
})

/** In the order of the story, which is that of the document. */
export const operations = [
  createRequest,
  readRequest,
  rotateRequestLink,
  revokeRequestLink,
  listConnections,
  readConnection,
  readCredential,
  reportConnection,
  offBoardConnection,
  confirmOffBoard,
  listEvents,
  listProfiles,
]
