import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** The oldest versions that carry every known security fix. Lowering the lock file below one fails the check. */
export const floors = {
  next: '16.3.3',
  react: '19.2.8',
  'react-dom': '19.2.8',
  'next-auth': '4.24.15',
  nodemailer: '9.1.1',
}

/** One sentence for each package of the lock file, nested copies included, that is older than its floor. */
export function findLowVersions(lock) {
  return Object.entries(lock.packages ?? {}).flatMap(([place, { version = '' }]) => {
    const name = place.split('node_modules/').at(-1)
    const floor = Object.hasOwn(floors, name) ? floors[name] : null
    return floor && isOlder(version, floor)
      ? [`${place} is ${version}; it must be ${floor} or newer (security fixes).`]
      : []
  })
}

/** A pre-release counts as older than its release. */
export function isOlder(version, floor) {
  const [left, right] = [numbers(version), numbers(floor)]
  for (const index of [0, 1, 2]) {
    if (left[index] !== right[index]) return left[index] < right[index]
  }
  return version.includes('-')
}

function numbers(version) {
  return version.split(/[-+]/)[0].split('.').map(Number)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findLowVersions(JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')))
  for (const line of found) process.stderr.write(`${line}\n`)
  process.exitCode = found.length > 0 ? 1 : 0
}
