import { scanRaw, startsWith } from './tokenizer-scan.ts'
import { incomplete, nextDocument, refuse, type Tokenizer } from './tokenizer-state.ts'
import { isBlank } from './xml-characters.ts'

const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][-A-Za-z0-9._]*)"|'([A-Za-z][-A-Za-z0-9._]*)'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$/

/** UTF-16 is among them: by the time bytes come here, they have been turned into UTF-8. */
const ENCODINGS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'utf-16', 'utf-16le', 'utf-16be'])

/**
 * Reads `<?…?>`: the XML declaration at the start of a document (XML 1.0 section 2.8), or an xml-stylesheet, which is
 * skipped; anything else is refused, since ESPI has no use for it.
 */
export function readDeclaration(t: Tokenizer, at: number, end: number, final: boolean): number {
  const close = findEnd(t, at, end)
  if ((close < 0 ? end : close) - at > 4096)
    refuse(t, at, 'text_too_long', 'A declaration does not end. Ask the utility for valid XML.')
  if (close < 0) return incomplete(t, at, final)
  if (isTarget(t, at, end, '<?xml')) {
    if (t.depth === 0 && t.rooted) nextDocument(t, at)
    checkDeclaration(t, at, close)
  } else if (!isTarget(t, at, end, '<?xml-stylesheet'))
    refuse(
      t,
      at,
      'processing_instruction',
      'The document holds a processing instruction. Ask the utility for a feed without it.',
    )
  return close
}

/** Position after `?>`, or -1. */
function findEnd(t: Tokenizer, at: number, end: number): number {
  for (let next = scanRaw(t, at + 2, end, 0x3f); next >= 0; next = scanRaw(t, next + 1, end, 0x3f)) {
    if (next + 1 < end && t.buffer[next + 1] === 0x3e) return next + 2
  }
  return -1
}

function isTarget(t: Tokenizer, at: number, end: number, target: string): boolean {
  const after = t.buffer[at + target.length]
  return startsWith(t.buffer, at, end, target) === 1 && (isBlank(after) || after === 0x3f)
}

function checkDeclaration(t: Tokenizer, at: number, close: number): void {
  const misplaced = t.depth > 0 || (t.lenient ? t.rooted : t.base + at !== t.documentStart)
  const found = misplaced ? null : DECLARATION.exec(String.fromCharCode(...t.buffer.subarray(at, close)))
  if (found === null)
    refuse(
      t,
      at,
      'not_well_formed',
      'The XML declaration is malformed or not at the start. Ask the utility for valid XML.',
    )
  const encoding = (found[1] ?? found[2] ?? 'utf-8').toLowerCase()
  if (!ENCODINGS.has(encoding))
    refuse(
      t,
      at,
      'bad_encoding',
      'The document declares an encoding other than UTF-8 and UTF-16. Ask the utility for one of them.',
    )
}
