/** Of numbers below 2 ** 53. */
const MOST_PLANES = 7

/** The words of the planes that are being written: new memory for each month would be a third of what packing leaves to collect. */
let words = new Uint32Array(4096)

function wordsFor(length: number): Uint32Array {
  if (words.length < length) words = new Uint32Array(length)
  return words.subarray(0, length)
}

/** What the zigzag differences have above their lowest four bytes. */
function highWords(column: Float64Array, into: Uint32Array): void {
  let last = 0
  for (let i = 0; i < column.length; i++) {
    const value = column[i] ?? 0
    const step = value - last
    last = value
    into[i] = (step >= 0 ? step * 2 : -step * 2 - 1) / 2 ** 32
  }
}

/** Writes whole numbers into growing bytes. A varint has 7 bits a byte, lowest first, the top bit where more follow. */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  /** A whole number from 0 to 2 ** 53 - 1. */
  varint(value: number): void {
    if (!(value >= 0) || !Number.isSafeInteger(value))
      throw new RangeError(`not a whole number of at most 53 bits: ${value}`)
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** A whole number of at most 2 ** 52 on either side of 0: 0, -1, 1, -2, … as 0, 1, 2, 3, … */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  /** Zigzag differences to the number before, the first one to 0. The innermost loop of every write. */
  differences(column: Float64Array): void {
    this.#reserve(column.length * 8 + 8)
    const bytes = this.#bytes
    let at = this.#length
    let last = 0
    for (let i = 0; i < column.length; i++) {
      const value = column[i] ?? 0
      const step = value - last
      last = value
      const code = step >= 0 ? step * 2 : -step * 2 - 1
      if (code < 0x80) bytes[at++] = code
      else if (code < 0x4000) {
        bytes[at++] = (code & 0x7f) | 0x80
        bytes[at++] = code >> 7
      } else {
        this.#length = at
        this.varint(code)
        at = this.#length
      }
    }
    this.#length = at
  }

  /**
   * The same differences as byte planes: how many, then the lowest byte of every number, the next byte of every number, and so
   * on. Bytes of one kind stand together, which zstd makes smaller than varints where most numbers take two bytes.
   */
  planes(column: Float64Array): void {
    const low = wordsFor(column.length)
    let last = 0
    let most = 0
    for (let i = 0; i < column.length; i++) {
      const value = column[i] ?? 0
      const step = value - last
      last = value
      const code = step >= 0 ? step * 2 : -step * 2 - 1
      if (code > most) most = code
      low[i] = code
    }
    let count = 0
    for (let rest = most; rest > 0; rest = Math.floor(rest / 256)) count++
    this.varint(count)
    this.#reserve(count * column.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let plane = 0; plane < count; plane++) {
      // Most differences fit four bytes, which are cut as integers.
      if (plane === 4) highWords(column, low)
      const shift = 8 * (plane & 3)
      for (let i = 0; i < low.length; i++) bytes[at++] = (low[i] ?? 0) >>> shift
    }
    this.#length = at
  }

  float64(value: number): void {
    this.#reserve(8)
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Pairs of (value, how often in a row). */
  runs(values: ArrayLike<number>): void {
    for (let at = 0; at < values.length;) {
      const value = values[at] ?? 0
      let next = at + 1
      while (next < values.length && values[next] === value) next++
      this.varint(value)
      this.varint(next - at)
      at = next
    }
  }

  text(value: string): void {
    const bytes = Buffer.from(value)
    this.varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

/** Reads what ByteWriter wrote. Throws RangeError where the bytes end early or a number or run is too long. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.left === 0
  }

  /** How many bytes are still to be read. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next bytes, as a view. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('the bytes end early')
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }

  varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('the bytes end inside a number')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw new RangeError('a number has more than 53 bits')
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Fills an array from zigzag differences to the number before, the first one to 0. The innermost loop of every read. */
  differences(into: Float64Array): void {
    const bytes = this.#bytes
    let at = this.#at
    let last = 0
    for (let i = 0; i < into.length; i++) {
      const first = bytes[at] ?? 0x80
      const second = bytes[at + 1] ?? 0x80
      if (first < 0x80) {
        last += first & 1 ? -((first + 1) >> 1) : first >> 1
        at++
      } else if (second < 0x80) {
        const code = (first & 0x7f) | (second << 7)
        last += code & 1 ? -((code + 1) >> 1) : code >> 1
        at += 2
      } else {
        this.#at = at
        last += this.zigzag()
        at = this.#at
      }
      into[i] = last
    }
    this.#at = at
  }

  /** Fills an array of zeros from differences in byte planes. */
  planes(into: Float64Array): void {
    const count = this.varint()
    if (count > MOST_PLANES || this.#at + count * into.length > this.#bytes.length)
      throw new RangeError('the planes do not fit their column')
    const bytes = this.#bytes
    let at = this.#at
    for (let plane = 0, unit = 1; plane < count; plane++, unit *= 256)
      for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) + (bytes[at++] ?? 0) * unit
    this.#at = at
    let last = 0
    for (let i = 0; i < into.length; i++) {
      const code = into[i] ?? 0
      const half = Math.floor(code / 2)
      last += half * 2 === code ? half : -half - 1
      into[i] = last
    }
  }

  float64(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  /** Fills an array from runs that have to add up to its length. */
  runs(into: {
    [index: number]: number
    length: number
    fill(value: number, from: number, to: number): unknown
  }): void {
    for (let at = 0; at < into.length;) {
      const value = this.varint()
      const count = this.varint()
      if (count < 1 || at + count > into.length) throw new RangeError('runs do not fit their column')
      into.fill(value, at, at + count)
      at += count
    }
  }

  text(): string {
    return Buffer.from(this.bytes(this.varint())).toString('utf8')
  }
}
