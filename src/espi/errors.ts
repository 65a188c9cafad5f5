/**
 * Why a document was refused. Stable: they name pages under docs/errors and lines in the console.
 *
 * - `not_xml`: the body does not begin as XML (CSV, HTML, JSON, a zip archive, nothing at all)
 * - `not_well_formed`, `bad_encoding`, `unbound_prefix`: the XML itself is broken
 * - `doctype`, `processing_instruction`, `undeclared_entity`: allowed by XML, never needed by ESPI, refused for safety
 * - `too_deep`, `too_many_attributes`, `name_too_long`, `text_too_long`, `too_many_names`, `too_large`: over a cap
 * - `truncated`: the document ends before its root element does
 * - `not_green_button`: well-formed XML of some other kind
 */
export type FeedRejectedCode =
  | 'not_xml'
  | 'not_well_formed'
  | 'bad_encoding'
  | 'unbound_prefix'
  | 'doctype'
  | 'processing_instruction'
  | 'undeclared_entity'
  | 'too_deep'
  | 'too_many_attributes'
  | 'name_too_long'
  | 'text_too_long'
  | 'too_many_names'
  | 'too_large'
  | 'truncated'
  | 'not_green_button'

/**
 * A feed we cannot read. Nothing of it counts; the raw bytes are kept so that a mended decoder can replay them.
 * The message says what is wrong and what to do; it never quotes the document, which may hold customer data.
 *
 * offset: where, in bytes from the start (of the UTF-8 form, when the document came as UTF-16).
 */
export class FeedRejected extends Error {
  override readonly name = 'FeedRejected'
  readonly code: FeedRejectedCode
  readonly offset: number

  constructor(code: FeedRejectedCode, offset: number, message: string, options?: ErrorOptions) {
    super(`${message} (byte ${offset})`, options)
    this.code = code
    this.offset = offset
  }
}
