/**
 * Text as it is written and read back: without blanks around it, and with U+FFFD for what XML cannot hold (XML 1.0 section
 * 2.2: controls, lone surrogates, U+FFFE, U+FFFF), so that what a customer typed never breaks a feed.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(FORBIDDEN, '\uFFFD').trim()
}

// oxlint-disable-next-line no-control-regex -- these are what XML forbids
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Text between tags or in quotes (XML 1.0 section 2.4); blanks as references, so that no reader makes them spaces. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"\r\n\t]/g, (character) => ESCAPES[character] ?? character)
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
