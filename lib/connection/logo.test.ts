import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { LOGO_BYTES_MAX, readLogo } from './logo.ts'

function chunk(name: string, data: Buffer): Buffer {
  const frame = Buffer.alloc(12 + data.length)
  frame.writeUInt32BE(data.length, 0)
  frame.write(name, 4, 'latin1')
  data.copy(frame, 8)
  return frame
}

function png(width: number, height: number, more: Buffer[] = []): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const pixels = deflateSync(Buffer.alloc((width * 3 + 1) * height))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const parts = [chunk('IHDR', head), ...more, chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, ...parts])
}

const problemOf = (file: Uint8Array | string) => {
  const read = readLogo(typeof file === 'string' ? Buffer.from(file) : file)
  return 'problem' in read ? read.problem : 'ok'
}

test('a PNG up to 64 pixels high is taken, without the notes in it', () => {
  const read = readLogo(png(200, 64, [chunk('tEXt', Buffer.from('Author\0Jane')), chunk('eXIf', Buffer.from('where'))]))
  assert.ok('bytes' in read && read.type === 'image/png')
  assert.doesNotMatch(read.bytes.toString('latin1'), /Jane|where|tEXt/)
  assert.equal(problemOf(png(200, 65)), 'too_high')
  assert.equal(problemOf(png(401, 10)), 'too_high')
})

test('what is no picture of these kinds is refused', () => {
  assert.equal(problemOf(''), 'no_logo')
  assert.equal(problemOf(Buffer.alloc(LOGO_BYTES_MAX + 1)), 'too_large')
  assert.equal(problemOf('GIF89a'), 'unknown_type')
  assert.equal(problemOf('<html><script>1</script></html>'), 'unknown_type')
  assert.equal(problemOf(png(20, 20).subarray(0, 40)), 'not_png')
  assert.equal(problemOf(png(20, 20).subarray(0, -12)), 'not_png')
})

const inSvg = (inside: string, attributes = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"${attributes}>${inside}</svg>`

const good = [
  inSvg('<path d="M0 0h10v10z" fill="#1d5fd1"/>'),
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n${inSvg('<title>Acme</title><g><circle cx="1" cy="1" r="1"/></g>')}`,
  inSvg(
    '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)" width="1" height="1"/>',
  ),
  inSvg('<symbol id="b"><path d="M0 0"/></symbol><use href="#b"/>'),
]
for (const svg of good) test(`takes ${svg.slice(0, 90)}`, () => assert.equal(problemOf(svg), 'ok'))

const bad = [
  inSvg('<script>alert(1)</script>'),
  inSvg('<SCRIPT href="#x"/>'),
  inSvg('<svg:script xmlns:svg="http://www.w3.org/2000/svg">1</svg:script>'),
  inSvg('<foreignObject><p>x</p></foreignObject>'),
  inSvg('<image href="https://evil.example/pixel.png"/>'),
  inSvg('<use href="https://evil.example/a.svg#b"/>'),
  inSvg('<use xlink:href="data:image/svg+xml;base64,AAAA"/>'),
  inSvg('<a href="#x"><path d="M0 0"/></a>'),
  inSvg('<style>@import "https://evil.example/a.css"</style>'),
  inSvg('<rect fill="url(https://evil.example/#a)"/>'),
  inSvg('<rect style="fill:url(//evil.example)"/>'),
  inSvg('<animate attributeName="href" to="x"/>'),
  inSvg('<set attributeName="onload" to="x"/>'),
  inSvg('', ' onload="alert(1)"'),
  inSvg('', ' ONLOAD="alert(1)"'),
  inSvg('<path d="&#106;avascript:1"/>'),
  inSvg('<!-- --><![CDATA[<script>1</script>]]>'),
  `<!DOCTYPE svg [<!ENTITY x "y">]>${inSvg('')}`,
  `<?xml-stylesheet href="https://evil.example/a.xsl"?>${inSvg('')}`,
  `${inSvg('')}<script>1</script>`,
  inSvg('<path d="M0 0" fill=red>'),
  inSvg('<path d="a" / onload="x">'),
]
for (const svg of bad) test(`refuses ${svg.slice(0, 90)}`, () => assert.equal(problemOf(svg), 'not_svg'))

test('whatever is read is a picture or a reason, never an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, asPng) => {
      const file = asPng
        ? Buffer.concat([png(4, 4).subarray(0, 33), noise])
        : Buffer.from(`<svg${Buffer.from(noise).toString('latin1')}`)
      readLogo(file)
    }),
  )
})
