import { scanRaw, startsWith } from './tokenizer-scan.ts'
import { capped, CDATA, incomplete, refuse, type Tokenizer } from './tokenizer-state.ts'
import { countText } from './tokenizer-text.ts'

/** Reads a comment or CDATA; `<!DOCTYPE` is refused, as it can pull in files and blow up entities. */
export function readBang(t: Tokenizer, at: number, end: number, final: boolean): number {
  const comment = startsWith(t.buffer, at, end, '<!--')
  if (comment === 1) return readComment(t, at, end, final)
  const cdata = startsWith(t.buffer, at, end, '<![CDATA[')
  if (cdata === 1) return readCdata(t, at, end, final)
  const doctype = startsWith(t.buffer, at, end, '<!DOCTYPE')
  if (doctype === 1)
    refuse(
      t,
      at,
      'doctype',
      'The document has a DOCTYPE, which can pull in files and entities. Ask the utility for a feed without it.',
    )
  if (comment === 0 || cdata === 0 || doctype === 0) return incomplete(t, at, final)
  return refuse(t, at, 'not_well_formed', 'A "<!" begins neither a comment nor CDATA. Ask the utility for valid XML.')
}

function readComment(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  for (let next = scanRaw(t, at + 4, end, 0x2d); next >= 0; next = scanRaw(t, next + 1, end, 0x2d)) {
    if (next + 2 >= end) break
    if (buffer[next + 1] !== 0x2d) continue
    if (buffer[next + 2] !== 0x3e)
      refuse(t, next, 'not_well_formed', 'A comment holds "--". Ask the utility for valid XML.')
    return next + 3
  }
  return capped(t, at, end - at, final)
}

function readCdata(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  if (t.depth === 0)
    refuse(t, at, 'not_well_formed', 'CDATA stands outside the root element. Ask the utility for valid XML.')
  for (let next = scanRaw(t, at + 9, end, 0x5d); next >= 0; next = scanRaw(t, next + 1, end, 0x5d)) {
    if (next + 2 >= end) break
    if (buffer[next + 1] !== 0x5d || buffer[next + 2] !== 0x3e) continue
    countText(t, at, next - at - 9)
    t.handler.text(at + 9, next, CDATA)
    return next + 3
  }
  return capped(t, at, end - at, final)
}
