import 'server-only'
import { encode } from 'uqr'

/** A code for a camera: the side of its square in modules, and everything dark as one SVG path. */
export type QrCode = { size: number; path: string }

/** Cameras want four light modules around it. */
const QUIET_MODULES = 4

export function qrCodeOf(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_MODULES })
  return { size, path: data.flatMap((row, y) => [...runsOf(row)].map(({ x, length }) => bar(x, y, length))).join('') }
}

/** Dark modules that touch are one run: a third of the path's length. */
function* runsOf(row: boolean[]): Generator<{ x: number; length: number }> {
  for (let x = 0; x < row.length; x++) {
    if (!row[x]) continue
    const start = x
    while (row[x]) x++
    yield { x: start, length: x - start }
  }
}

function bar(x: number, y: number, length: number): string {
  return `M${x} ${y}h${length}v1h-${length}z`
}
