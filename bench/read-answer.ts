/** An answer as its bytes come: take tells whether it is complete, length how many bytes its body has so far. */
export type Answer = { take(bytes: Uint8Array): boolean; length(): number }

const LINE_END = 0x0a

/** Reads the head of an HTTP answer and counts its body, of a known length or in chunks. Throws when it is no 200. */
export function openAnswer(): Answer {
  let head = ''
  let body: Answer | null = null
  return {
    take(bytes) {
      if (body) return body.take(bytes)
      const before = head.length
      head += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return false
      body = bodyOf(head.slice(0, end))
      return body.take(bytes.subarray(end + 4 - before))
    },
    length: () => body?.length() ?? 0,
  }
}

function bodyOf(head: string): Answer {
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  if (head.startsWith('HTTP/1.1 200') && length !== undefined) return ofLength(Number(length))
  if (head.startsWith('HTTP/1.1 200') && /^transfer-encoding: chunked/im.test(head)) return inChunks()
  throw new Error(`not an answer that can be read: ${head}`)
}

function ofLength(length: number): Answer {
  let missing = length
  return { take: (bytes) => (missing -= bytes.length) <= 0, length: () => length }
}

/** RFC 9112 section 7.1, without extensions and trailers. */
function inChunks(): Answer {
  let [length, missing, line, isLast] = [0, 0, '', false]
  return {
    take(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (missing > 0) {
          const some = Math.min(missing, bytes.length - at)
          missing -= some
          at += some
          continue
        }
        const byte = bytes[at++] ?? 0
        line += String.fromCharCode(byte)
        if (byte !== LINE_END) continue
        const size = Number.parseInt(line, 16)
        length += size
        missing = size + 2
        isLast = size === 0
        line = ''
      }
      return isLast && missing === 0
    },
    length: () => length,
  }
}
