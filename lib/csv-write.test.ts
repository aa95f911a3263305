import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvLine } from './csv-write.ts'

/** RFC 4180 as a reader understands it: a character at a time, written apart from the writer. */
function parse(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (quoted) {
      if (character !== '"') cell += character
      else if (text[index + 1] === '"') cell += text[++index]
      else quoted = false
    } else if (character === '"' && cell === '') quoted = true
    else if (character === ',') {
      row.push(cell)
      cell = ''
    } else if (character === '\r' && text[index + 1] === '\n') {
      rows.push([...row, cell])
      row = []
      cell = ''
      index += 1
    } else cell += character
  }
  assert.ok(!quoted && cell === '' && row.length === 0, 'the file ends with its last line')
  return rows
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', "'", 'a', ' ', 'ü', '\u202e'))
    .map((all) => all.join('')),
)

// S47
test('what a parser reads back is what was written, and no cell is a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.array(nasty, { minLength: 1, maxLength: 6 }), { maxLength: 6 }), (table) => {
      const read = parse(table.map(csvLine).join(''))
      assert.equal(read.length, table.length)
      for (const [line, cells] of read.entries())
        for (const [column, cell] of cells.entries()) {
          assert.doesNotMatch(cell, /^[=+\-@\t\r]/)
          const written = table[line]?.[column] ?? ''
          assert.equal(cell, /^[=+\-@\t\r]/.test(written) ? `'${written}` : written)
        }
      assert.deepEqual(
        read.map((cells) => cells.length),
        table.map((cells) => cells.length),
      )
    }),
    { numRuns: 10_000 },
  )
})

test('times are exact, and what is not there is empty', () => {
  assert.equal(csvLine([new Date(0), null, 3, 'plain']), '1970-01-01T00:00:00.000Z,,3,plain\r\n')
})
