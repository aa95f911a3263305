import { listenOn, runNext } from '../bin/process.mjs'
import { preparePortal } from './prepare-portal.mjs'

/** The portal as the browser tests meet it: one process, which is also the one that listens. */
await preparePortal()
// The fault runs start another build of the same sources.
const build = process.env.E2E_BUILD ? [process.env.E2E_BUILD] : []
runNext(['start', ...build, '--port', process.env.PORT, ...listenOn()])
