/**
 * A text cell of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe before it: what stands in
 * an address or a tariff was written by others. Numbers and times do not come here.
 */
export function csvText(text: string | null): string {
  if (text === null) return ''
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
