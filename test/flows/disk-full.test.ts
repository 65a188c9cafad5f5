import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { ensureDemoCompany } from '../../src/accounts/demo-company.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import { importFeeds } from '../../src/collection/import-feeds.ts'
import { readConfig } from '../../src/config.ts'
import { countProducts } from '../../src/storage/count-products.ts'
import { codeOf } from '../../src/storage/db.ts'
import { findTemplate } from '../../src/storage/templates.ts'
import { utilityOf } from '../../src/utilities/index.ts'

/** A disk of its own, small enough to be filled; only root can make one. */
const disk = mkdtempSync(path.join(tmpdir(), 'gbp-disk-'))
const mounted =
  process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=140m', 'tmpfs', disk]).status === 0
if (mounted) chmodSync(disk, 0o755)

let store: Store | null = null
afterAll(async () => {
  await store?.close()
  if (mounted) spawnSync('umount', [disk])
  rmSync(disk, { recursive: true, force: true })
})

const feed = (day: number): Uint8Array => {
  const start = 1_700_000_000 + day * 86_400
  const base = 'https://api.pge.com/GreenButtonConnect/espi/1_1/resource'
  const point = `${base}/Subscription/1/UsagePoint/7`
  const noise = Array.from({ length: 3000 }, () => Math.random().toString(36).slice(2)).join('')
  const entry = (links: string, content: string): string =>
    `<entry>${links}<title>${noise}</title><content>${content}</content></entry>`
  return Buffer.from(
    `<feed xmlns="http://www.w3.org/2005/Atom">${[
      entry(
        `<link rel="self" href="${point}"/><link rel="up" href="${base}/Subscription/1/UsagePoint"/><link rel="related" href="${point}/MeterReading"/>`,
        '<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>',
      ),
      entry(
        `<link rel="self" href="${point}/MeterReading/1"/><link rel="up" href="${point}/MeterReading"/><link rel="related" href="${base}/ReadingType/1"/><link rel="related" href="${point}/MeterReading/1/IntervalBlock"/>`,
        '<MeterReading xmlns="http://naesb.org/espi"/>',
      ),
      entry(
        `<link rel="self" href="${base}/ReadingType/1"/><link rel="up" href="${base}/ReadingType"/>`,
        '<ReadingType xmlns="http://naesb.org/espi"><accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><flowDirection>1</flowDirection><intervalLength>3600</intervalLength><kind>12</kind><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType>',
      ),
      entry(
        `<link rel="self" href="${point}/MeterReading/1/IntervalBlock/${day}"/><link rel="up" href="${point}/MeterReading/1/IntervalBlock"/>`,
        `<IntervalBlock xmlns="http://naesb.org/espi"><IntervalReading><timePeriod><duration>3600</duration><start>${start}</start></timePeriod><value>${100 + day}</value></IntervalReading></IntervalBlock>`,
      ),
    ].join('')}</feed>`,
  )
}

if (!mounted) {
  console.warn('\n*** A disk that is full was NOT tested: only root can mount a small one. ***\n')
  it('reports that no small disk can be made here', () => expect(mounted).toBe(false))
} else {
  it('a disk that is full refuses what it cannot keep, loses nothing that it kept, and goes on when there is room', async () => {
    store = await openStore(readConfig({ DATA_DIR: path.join(disk, 'data') }), () => undefined)
    const { db } = store
    const now = (): Date => new Date()
    const { templateUid } = await ensureDemoCompany({ db, now })
    const template = await db.operator((tx) => findTemplate(tx, templateUid))
    if (!template) throw new Error('no template')
    const deps = { ...store, now }
    const keep = async (day: number): Promise<string> => {
      const files = [{ name: `${day}.xml`, bytes: feed(day) }]
      const { authorizationUid } = await importFeeds(deps, { template, utility: utilityOf('PG&E'), files })
      return authorizationUid ?? ''
    }
    const kept = [await keep(0), await keep(1)]

    const { bavail, bsize } = statfsSync(disk)
    const ballast = path.join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 1_000_000)))
    const refused = await refusalOf(async (day) => void kept.push(await keep(day)))
    expect(['53100', '57P01', '57P02', '57P03', 'ECONNREFUSED', 'ENOENT', 'ECONNRESET']).toContain(codeOf(refused))
    expect(refused).not.toBeNull()

    rmSync(ballast)
    const again = await eventually(() => keep(1000))
    const counts = await Promise.all([...kept, again].map((uid) => db.operator((tx) => countProducts(tx, uid))))
    expect(counts.map(({ readings }) => readings)).toEqual(counts.map(() => 1))
  }, 120_000)
}

/** Keeps day after day until one is refused; the error, or null when none was. */
async function refusalOf(keep: (day: number) => Promise<void>): Promise<unknown> {
  try {
    for (let day = 2; day < 400; day++) await keep(day)
    return null
  } catch (error) {
    return error
  }
}

/** What the embedded server needs to come back after it had to stop. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
