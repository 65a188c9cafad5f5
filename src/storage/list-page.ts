/** One page of rows, and whether more follow. */
export type Page<Row> = { rows: Row[]; hasMore: boolean }

/** The row that a cursor names does not exist, or is not this company's; the two look alike. */
export class UnknownCursor extends Error {
  readonly code = 'unknown_cursor'

  constructor() {
    super('the cursor names no row')
    this.name = 'UnknownCursor'
  }
}

/** Cuts the one row that was read beyond the limit to know whether more follow. */
export function cutPage<Row>(rows: Row[], limit: number): Page<Row> {
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit }
}

/** The place of a cursor in the order of its list. Throws UnknownCursor. */
export function placeOf<Place>(rows: Place[]): Place {
  const [place] = rows
  if (!place) throw new UnknownCursor()
  return place
}
