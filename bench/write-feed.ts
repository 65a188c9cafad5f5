import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import path from 'node:path'

import { type FeedSize, generateFeed, type Shape } from './generated-feeds.ts'

/** Writes a generated feed into a folder and returns the file. */
export async function writeFeed(folder: string, shape: Shape, size: FeedSize): Promise<string> {
  const file = path.join(folder, `${shape}-${size.points}.xml`)
  const out = createWriteStream(file)
  for (const text of generateFeed(shape, size)) if (!out.write(text)) await once(out, 'drain')
  out.end()
  await once(out, 'close')
  return file
}
