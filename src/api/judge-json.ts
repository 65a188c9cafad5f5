const DEPTH_LIMIT = 32

export type JsonFault = 'too deep' | { repeated: string }

/**
 * What JSON.parse lets pass: nesting that overflows the stack of whoever walks through it, and keys given twice in one object,
 * of which readers take different ones (RFC 8259, 4). null: neither. Text that is no JSON is left to JSON.parse.
 */
export function judgeJson(text: string): JsonFault | null {
  const open: (Set<string> | null)[] = [] // the keys of each object around; null: an array
  let isKey = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '{' || char === '[') {
      if (open.push(char === '{' ? new Set() : null) > DEPTH_LIMIT) return 'too deep'
      isKey = char === '{'
    } else if (char === '}' || char === ']') {
      open.pop()
      isKey = false
    } else if (char === ',') {
      isKey = open.at(-1) instanceof Set
    } else if (char === '"') {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (isKey && keys) {
        const key = readString(text.slice(at, end))
        if (keys.has(key)) return { repeated: key }
        keys.add(key)
      }
      isKey = false
      at = end - 1
    }
  }
  return null
}

/** The place behind the closing quote. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

/** Keys are equal when they are after their escapes are read. What is no string is told by JSON.parse of the whole. */
function readString(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
