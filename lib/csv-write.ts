type Cell = string | number | Date | null

/** A file of RFC 4180, line by line. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

/** What a spreadsheet would take for a formula begins with an apostrophe instead. */
const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /[",\r\n]/

function cellOf(cell: Cell): string {
  const text = cell === null ? '' : cell instanceof Date ? cell.toISOString() : String(cell)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
