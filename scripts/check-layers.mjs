import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Who may import whom. `base` are the single files of lib/. Imports of types are free: they leave nothing behind.
 * A line that does not fit says where the code belongs instead.
 */
const layers = {
  app: {
    mayUse: ['components', 'api', 'connection', 'auth', 'data', 'providers', 'operator', 'base'],
    instead: 'call a function of lib/connection, or read through lib/data',
  },
  components: {
    mayUse: ['components', 'providers', 'base'],
    instead: 'let the page read it and hand it over as props',
  },
  api: {
    mayUse: ['connection', 'auth', 'data', 'crypto', 'providers', 'base'],
    instead: 'call a function of lib/connection: lib/api only says what goes over the wire',
  },
  operator: {
    mayUse: ['connection', 'auth', 'data', 'providers', 'mail', 'jobs', 'base'],
    instead: 'give lib/connection or lib/data the function that the command needs',
  },
  jobs: {
    mayUse: ['api', 'connection', 'auth', 'data', 'mail', 'crypto', 'base'],
    instead: 'put the work into lib/connection and let the job call it',
  },
  connection: {
    mayUse: ['data', 'providers', 'crypto', 'mail', 'base'],
    instead: 'let the caller pass what the story needs',
  },
  auth: { mayUse: ['data', 'crypto', 'base'], instead: 'put what is not about who asks into lib/connection' },
  mail: { mayUse: ['base'], instead: 'let lib/connection or lib/jobs read it and pass it to the letter' },
  data: { mayUse: ['crypto', 'base'], instead: 'put the decision into lib/connection; lib/data only stores and finds' },
  crypto: { mayUse: ['base'], instead: 'pass the bytes in; lib/crypto knows no tables and no customers' },
  providers: {
    mayUse: ['base'],
    instead: 'a provider knows no database, no customer: return a verdict and let lib/connection act',
  },
  base: { mayUse: ['base', 'providers'], instead: 'move it into the folder it needs' },
  bin: {
    mayUse: ['api', 'operator', 'jobs', 'data', 'providers', 'base'],
    instead: 'make it a command of lib/operator',
  },
  bench: {
    mayUse: ['testing', 'jobs', 'connection', 'crypto', 'data', 'providers', 'base'],
    instead: 'measure what the product does, with its own functions',
  },
}

/** The few single files that a provider may use: it knows no environment. */
const baseForProviders = new Set(['lib/http.ts', 'lib/secret.ts', 'lib/format.ts', 'lib/words.ts'])

/** Closed lists without any logic of their own, which every layer speaks. */
const vocabulary = new Set(['lib/connection/status.ts', 'lib/connection/profiles.ts', 'lib/mail/address.ts'])

/** Letters kept on disk, where no mail server is set: a page shows them. Writing mail stays out of reach. */
const pagesMayRead = new Set(['lib/mail/local-outbox.ts'])

const serverLayers = new Set(['api', 'connection', 'auth', 'data', 'crypto', 'mail', 'jobs', 'operator'])
const cryptoPackages = new Set(['node:crypto', 'crypto', 'jose'])
/** Replaced by constants at build time, so they are no settings. */
const buildConstants = /process\.env\.(?:NODE_ENV|NEXT_RUNTIME)\b/g

/** Everything that breaks a rule, one sentence each. `files`: path below the root -> text. */
export function findBreaches(files) {
  const sources = new Map(
    [...files].map(([file, text]) => [
      file,
      { text: withoutComments(text), imports: importsOf(file, withoutComments(text)) },
    ]),
  )
  return [
    ...[...sources].flatMap(([file, source]) => [
      ...findWrongLayers(file, source),
      ...findNamedProviders(file, source),
      ...findMissingServerOnly(file, source, sources, files.get(file)),
      ...findStrayCrypto(file, source),
      ...findStrayEnvironment(file, source),
      ...findBadMarkup(file, source),
    ]),
    ...findCycles(sources),
  ]
}

function layerOf(file) {
  const [top, second, third] = file.split('/')
  if (top === 'lib') return third ? second : 'base'
  return Object.hasOwn(layers, top) ? top : null
}

function findWrongLayers(file, { imports }) {
  if (isTest(file)) return []
  const layer = layerOf(file)
  return imports
    .filter(({ target, typeOnly }) => layer && target && !typeOnly)
    .filter(({ target }) => !mayImport(layer, layerOf(target), target))
    .map(
      ({ target }) =>
        `${file}: ${layer} must not import ${target}. Instead: ${layers[layer]?.instead ?? 'name the layer in scripts/check-layers.mjs'}.`,
    )
}

/** What is special about one provider stays in its folder, or a second one would not fit. Fakes are for trials. */
function findNamedProviders(file, { imports }) {
  if (isTest(file) || file.startsWith('lib/providers/')) return []
  return imports
    .filter(
      ({ target }) => /^lib\/providers\/(?!guide-kit\/)[^/]+\//.test(target ?? '') && !target.endsWith('/fake.ts'),
    )
    .map(
      ({ target }) =>
        `${file}: must not know one provider (${target}). Instead: ask through lib/providers/fields.ts or registry.ts, see docs/providers.md.`,
    )
}

function mayImport(layer, targetLayer, target) {
  if (layer === targetLayer || targetLayer === null || vocabulary.has(target)) return true
  if (layer === 'app' && pagesMayRead.has(target)) return true
  if (layer === 'providers') return baseForProviders.has(target)
  return layers[layer]?.mayUse.includes(targetLayer) ?? false
}

/** Files that reach nothing guarded (lists, types, pure rules) may be shared with the browser. */
function findMissingServerOnly(file, { imports }, sources, original) {
  // A worker thread is started from its file, outside the bundle and its conditions.
  if (
    isTest(file) ||
    file.endsWith('/worker.ts') ||
    !serverLayers.has(layerOf(file)) ||
    original.startsWith("import 'server-only'\n")
  )
    return []
  const reach = imports.find(
    ({ specifier, target, typeOnly }) => !typeOnly && (specifier.startsWith('node:') || isGuarded(target, sources)),
  )
  return reach ? [`${file}: uses ${reach.specifier}, so its first line must be: import 'server-only'`] : []
}

function isGuarded(target, sources) {
  return target !== null && (sources.get(target)?.imports.some(({ specifier }) => specifier === 'server-only') ?? false)
}

function findStrayCrypto(file, { imports }) {
  if (isTest(file) || !/^(?:app|components|lib)\//.test(file) || layerOf(file) === 'crypto') return []
  return imports
    .filter(({ specifier }) => cryptoPackages.has(specifier))
    .map(
      ({ specifier }) =>
        `${file}: must not import ${specifier}. Instead: call a function of lib/crypto from the layers that may.`,
    )
}

function findStrayEnvironment(file, { text }) {
  const allowed = isTest(file) || file === 'lib/env.ts' || /^(?:bin|bench)\/.*\.mjs$/.test(file)
  if (allowed || !/process\s*(?:\.|\?\.)\s*env\b/.test(text.replace(buildConstants, ''))) return []
  return [`${file}: reads process.env. Instead: add the variable to lib/env.ts and call env().`]
}

function findBadMarkup(file, { text }) {
  if (!file.endsWith('.tsx')) return []
  const found = []
  if (/dangerouslySetInnerHTML/.test(text))
    found.push(`${file}: uses dangerouslySetInnerHTML. Instead: let React write the text.`)
  for (const start of text.matchAll(/<form\b/g)) {
    const tag = openingTag(text, start.index)
    if (!/\baction=/.test(tag) && !/\bmethod="post"/.test(tag))
      found.push(
        `${file}: a <form> has neither action= nor method="post". Without JavaScript it would put what was typed into the address.`,
      )
  }
  return found
}

/** From `<form` to the `>` that ends the tag; a `>` inside braces is code. */
function openingTag(text, start) {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth += 1
    if (text[index] === '}') depth -= 1
    if (text[index] === '>' && depth === 0) return text.slice(start, index)
  }
  return text.slice(start)
}

function findCycles(sources) {
  const done = new Set()
  const cycles = []
  const visit = (file, trail) => {
    if (trail.includes(file)) {
      cycles.push(
        `Import circle: ${[...trail.slice(trail.indexOf(file)), file].join(' -> ')}. Move what both need into a file of its own.`,
      )
      return
    }
    if (done.has(file)) return
    for (const { target, typeOnly, lazy } of sources.get(file)?.imports ?? []) {
      if (target && !typeOnly && !lazy && sources.has(target)) visit(target, [...trail, file])
    }
    done.add(file)
  }
  for (const file of sources.keys()) visit(file, [])
  return cycles
}

function importsOf(file, text) {
  const found = []
  for (const [, typeWord, names, specifier] of text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?((?:[^'";]*?)\s+from\s+)?['"]([^'"]+)['"]/gm,
  )) {
    found.push({
      specifier,
      target: resolve(file, specifier),
      typeOnly: Boolean(typeWord) || onlyTypes(names ?? ''),
      lazy: false,
    })
  }
  for (const [, specifier] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier, target: resolve(file, specifier), typeOnly: false, lazy: true })
  }
  return found
}

/** `import { type A, type B } from` */
function onlyTypes(names) {
  const inside = names.match(/^\{([^}]*)\}\s+from/)?.[1]
  if (!inside) return false
  const parts = inside
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
  return parts.length > 0 && parts.every((part) => part.startsWith('type '))
}

function resolve(file, specifier) {
  if (!/\.tsx?$/.test(specifier)) return null
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier)
  return null
}

/** A fake of the outside world stands on the side of the tests. */
function isTest(file) {
  return (
    /\.test\.(?:ts|tsx|mjs)$/.test(file) ||
    file.endsWith('/fake.ts') ||
    file.includes('/testing/') ||
    file.startsWith('e2e/')
  )
}

function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

function readSources(root) {
  const folders = ['app', 'components', 'lib', 'bin', 'bench'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true }).map((file) =>
      path.posix.join(folder, String(file).replaceAll(path.sep, '/')),
    ),
  )
  const wanted = [...folders, 'proxy.ts', 'instrumentation.ts'].filter((file) => /\.(?:ts|tsx|mjs)$/.test(file))
  return new Map(wanted.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const breaches = findBreaches(readSources(path.resolve(import.meta.dirname, '..')))
  for (const breach of breaches) process.stderr.write(`${breach}\n`)
  process.exitCode = breaches.length > 0 ? 1 : 0
}
