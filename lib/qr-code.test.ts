import assert from 'node:assert/strict'
import { test } from 'node:test'
import jsqr from 'jsqr'
import { qrCodeOf } from './qr-code.ts'

const PIXELS_PER_MODULE = 4

/** What a camera would see of the path. */
function pixelsOf({ size, path }: { size: number; path: string }): { side: number; pixels: Uint8ClampedArray } {
  const side = size * PIXELS_PER_MODULE
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * PIXELS_PER_MODULE; row < (Number(y) + 1) * PIXELS_PER_MODULE; row++) {
      const from = (row * side + Number(x) * PIXELS_PER_MODULE) * 4
      for (let at = from; at < from + Number(length) * PIXELS_PER_MODULE * 4; at += 4) pixels.fill(0, at, at + 3)
    }
  }
  return { side, pixels }
}

test('a camera reads the address back', () => {
  for (const address of [
    `http://localhost:3000/l/${'a'.repeat(43)}`,
    `https://connect.northwind.example/l/${'Z_-9'.repeat(11)}`,
  ]) {
    const { side, pixels } = pixelsOf(qrCodeOf(address))
    assert.equal(jsqr(pixels, side, side)?.data, address)
  }
})
