import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The pages' one stylesheet, read once at start. Its address holds its hash, so that browsers may keep it for good. */
export const stylesheet = readStylesheet()

function readStylesheet(): { text: string; url: string } {
  const text = readFileSync(path.join(import.meta.dirname, 'pages.css'), 'utf8')
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { text, url: `/assets/pages-${hash}.css` }
}
