/** Numbers that a seed repeats (mulberry32). FAULT_SEED chooses the seed; each run prints its own. */
export function seededRandom() {
  const seed = Number(process.env.FAULT_SEED) || Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { seed, upTo: (limit: number) => Math.floor(next() * limit), chance: (share: number) => next() < share }
}

export type Random = ReturnType<typeof seededRandom>
