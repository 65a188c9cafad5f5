import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { importFiles } from './import.ts'

let folder: string
const said: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gbp-import-'))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

async function importText(
  name: string,
  text: string,
  options = {},
): Promise<{ code: number; said: string; printed: string[] }> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  said.length = 0
  const printed: string[] = []
  const code = await importFiles(
    { DATA_DIR: path.join(folder, 'data') },
    [file],
    options,
    (line) => void printed.push(line),
  )
  return { code, said: said.join(''), printed }
}

it.each([
  ['usage.csv', 'Date,kWh\n2026-01-01,3\n', /comma-separated/],
  ['page.html', '<!doctype html><html><body>Sign in</body></html>', /web page|HTML/i],
  ['answer.json', '{"error":"invalid_token"}', /JSON/],
  ['nothing.xml', '', /empty/i],
  ['other.xml', '<?xml version="1.0"?><rss version="2.0"/>', /Green Button/],
  ['half.xml', '<feed xmlns="http://www.w3.org/2005/Atom"><entry>', /ends|end of|cut|truncated/i],
  ['bomb.xml', '<!DOCTYPE a [<!ENTITY b "c">]><feed xmlns="http://www.w3.org/2005/Atom"/>', /DOCTYPE/],
  ['feed.xml', '<feed xmlns="http://www.w3.org/2005/Atom"/>', /--utility/],
])('%s is refused with a sentence that says why, and exit 1', async (name, text, why) => {
  const { code, said } = await importText(name, text)
  expect(code).toBe(1)
  expect(said).toMatch(why)
})

it('a file that is not there is named', async () => {
  said.length = 0
  expect(await importFiles({}, [path.join(folder, 'absent.xml')], {}, () => undefined)).toBe(1)
  expect(said.join('')).toMatch(/absent\.xml: it cannot be opened \(ENOENT\)/)
})

it('an unknown utility is named with the known ones', async () => {
  const { code, said } = await importText('feed.xml', '<feed xmlns="http://www.w3.org/2005/Atom"/>', {
    utility: 'ACME',
  })
  expect(code).toBe(1)
  expect(said).toMatch(/no utility is called ACME; known: PG&E, SCE, DEMO/)
})

it('with --json the refusal is one JSON document', async () => {
  const { printed } = await importText('usage.csv', 'Date,kWh\n', { json: true })
  expect(printed.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ ok: false, error: expect.stringContaining('comma-separated') }),
  ])
})
