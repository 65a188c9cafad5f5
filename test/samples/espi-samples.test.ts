import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { inspectBody, type InspectReport } from '../../src/cli/inspect-report.ts'
import { decodeFeed } from '../../src/utilities/decode.ts'
import { type BillFigures, readFigures, type SeriesFigures } from './naive-reader.ts'

/** Files of real utilities that may not be shipped; they lie beside the checkout where they may be had. */
const FOLDERS = ['../../../shared/samples', '../../../shared/espi/samples'].map((folder) =>
  path.resolve(import.meta.dirname, folder),
)
const present = FOLDERS.filter((folder) => existsSync(folder))
const files = present.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(xml|csv|json)$/i.test(name))
    .map((name) => path.join(folder, name)),
)

/** Entries with times that are no numbers: counted like the others, but left out of everything else, which is told. */
const QUARANTINED = ['ngma_gas_provider_2024-07-16.xml']

/** Verdict, entries, readings and bills of each file, and the sums of its series: what has been agreed on before. */
const RECORD = path.join(import.meta.dirname, 'recorded.json')
const recorded: Record<string, unknown> = JSON.parse(readFileSync(RECORD, 'utf8'))
const made: Record<string, unknown> = {}
const WRITE = process.env['WRITE_GOLDEN'] === '1'
const keyOf = (file: string): string => file.split(path.sep).slice(-2).join('/')

function record({ error, entries, resources, series, bills }: InspectReport): unknown {
  if (error !== null) return error.code
  const readings = resources['IntervalReading']
  return { entries, readings, bills: bills.length, sums: series.map(({ sum_raw: sum }) => sum).join(' ') }
}

if (files.length === 0) {
  it('the collection of real files is not here, so that this extra set DID NOT RUN', () => {
    console.warn(
      '*** test/samples: no collection of real files found; the comparison with a second reader DID NOT RUN ***',
    )
    expect(present).toEqual([])
  })
} else {
  describe('every file of the collection has the verdict and the figures of an independent reader', () => {
    it.each(files.map((file) => [path.basename(file), file]))('%s', async (name, file) => {
      const bytes = readFileSync(file)
      const expected = readFigures(bytes.toString('utf8'))
      const { report } = await inspectBody(name, bytes)
      made[keyOf(file)] = record(report)
      expect(made[keyOf(file)]).toEqual(WRITE ? made[keyOf(file)] : recorded[keyOf(file)])
      expect(report.ok).toBe(expected !== null)
      if (expected === null) return
      expect(report.entries).toBe(expected.entries)
      expect(report.resources).toEqual(expected.resources)
      expect(report.bills.map(billFigures).sort(byText)).toEqual(expected.bills.sort(byText))
      expect(report.series.map(seriesFigures).sort(byText)).toEqual(expected.series.sort(byText))
      expect(report.warnings.some(({ code }) => code.startsWith('entry_left_out'))).toBe(QUARANTINED.includes(name))
      expect(() =>
        decodeFeed(bytes, {
          timezone: 'America/Los_Angeles',
          currency: 'USD',
          billPeriod: 'local-midnight',
          repairs: [],
        }),
      ).not.toThrow()
    })

    it('every recorded file is here', () => {
      if (WRITE) writeFileSync(RECORD, `${JSON.stringify(made, null, 1)}\n`)
      expect(Object.keys(made).sort()).toEqual(Object.keys(WRITE ? made : recorded).sort())
      expect(files.length).toBeGreaterThan(150)
    })
  })
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

function seriesFigures(one: InspectReport['series'][number]): SeriesFigures {
  return {
    point: one.usage_point,
    type: one.reading_type,
    codes: [one.uom, one.power_of_ten_multiplier, one.flow_direction, one.commodity, one.interval_length],
    readings: one.readings,
    sum: one.sum_raw,
    cost: one.cost_sum_raw,
    start: one.start,
    end: one.end,
    gaps: one.gaps,
    overlaps: one.overlaps,
    repeated: one.repeated_starts,
  }
}

function billFigures(one: InspectReport['bills'][number]): BillFigures {
  return {
    point: one.usage_point,
    start: one.start,
    end: one.end,
    total: one.bill_last_period,
    consumption: one.consumption,
    lines: one.lines,
    sum: one.lines_sum,
  }
}
