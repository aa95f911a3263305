import 'server-only'
import { parse } from 'csv-parse/sync'

/** What a list of requests may say, in the order of the example. The header row names them. */
export const listColumns = [
  'customer',
  'contact_name',
  'contact_email',
  'profile',
  'language',
  'expected_domain',
  'start_date',
  'external_id',
  'note',
] as const
export type ListColumn = (typeof listColumns)[number]
export type ListRow = { line: string } & Partial<Record<ListColumn, string>>

export const neededColumns = ['customer', 'contact_email', 'profile'] as const satisfies ListColumn[]

export const LIST_ROWS_MAX = 200
const CELL_CHARACTERS_MAX = 2_000

/** Why a whole file cannot be read. `what` names the column or the line. */
export type ListFault = {
  fault: 'empty' | 'not_csv' | 'column_unknown' | 'column_twice' | 'column_missing' | 'too_many'
  what: string
}

export type CsvRecord = { record: string[]; info: { lines: number } }

/** Reads a CSV file as spreadsheets write it: comma or semicolon, quotes, any line ends, UTF-8 or Windows-1252. */
export function readList(file: Uint8Array): { rows: ListRow[] } | ListFault {
  const records = readRecords(file, LIST_ROWS_MAX)
  if (!Array.isArray(records)) return records
  const [head, ...body] = records
  if (!head || body.length === 0) return { fault: 'empty', what: '' }
  if (body.length > LIST_ROWS_MAX) return { fault: 'too_many', what: String(body.length) }
  const columns = head.record.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'))
  return faultOf(columns) ?? { rows: body.map((row) => rowOf(row, columns)) }
}

/** Spreadsheets on Windows often still write their own code page; what is no UTF-8 is taken for that. */
function textOf(file: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file)
  } catch {
    return new TextDecoder('windows-1252').decode(file)
  }
}

/** The lines of a CSV file, the header among them; one more than allowed when there are too many. */
export function readRecords(file: Uint8Array, rowsMax: number): CsvRecord[] | ListFault {
  const text = textOf(file)
  const [firstLine = ''] = text.split(/\r\n|\n|\r/, 1)
  try {
    return parse(text, {
      delimiter: firstLine.includes(';') ? ';' : ',',
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
      to: rowsMax + 2,
    }) as unknown as CsvRecord[]
  } catch (error) {
    const line = error instanceof Error && 'lines' in error ? String(error.lines) : ''
    return { fault: 'not_csv', what: line }
  }
}

function faultOf(columns: string[]): ListFault | null {
  const unknown = columns.find((name) => !(listColumns as readonly string[]).includes(name))
  if (unknown !== undefined) return { fault: 'column_unknown', what: unknown }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) return { fault: 'column_twice', what: twice }
  const missing = neededColumns.find((name) => !columns.includes(name))
  return missing === undefined ? null : { fault: 'column_missing', what: missing }
}

/** A row with more cells than the header has keeps them under `extra`, so that it can be told. */
function rowOf({ record, info }: CsvRecord, columns: string[]): ListRow {
  const cells = columns.map((name, index) => [name, (record[index] ?? '').slice(0, CELL_CHARACTERS_MAX)])
  const extra = record.length > columns.length ? { extra: 'yes' } : {}
  return { line: String(info.lines), ...Object.fromEntries(cells), ...extra }
}
