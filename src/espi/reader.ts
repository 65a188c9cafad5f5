import type { ContentKind, Entry, EntryProblem, FeedHead } from './entry.ts'
import { createTrace, type ReadingTemplate, type ReadingTrace } from './reading-template.ts'
import { createReadingsBuilder, type Readings, type ReadingsBuilder } from './readings.ts'
import { CONTENT_SHAPE, type Plan, type Shape } from './shapes.ts'
import type { Tokenizer } from './tokenizer-state.ts'

/** An entry (or the head of a feed) while it is being read. */
export type Draft = {
  texts: Record<string, unknown>
  self: string | null
  up: string | null
  related: string[]
  bare: boolean
  startOffset: number
  contents: { kind: ContentKind; value: unknown }[]
  problem: EntryProblem | null
  unknown: Map<string, number> | null
  elements: number
}

/** Turns the tokenizer's events into entries; `entries` fills up and is emptied by the caller. */
export type Reader = {
  tokenizer: Tokenizer | null
  entries: Entry[]
  heads: FeedHead[]
  /** Elements that are open and have elements of their own: three stacks of one height, as they change with every reading. */
  planStack: Plan[]
  shapeStack: Shape[]
  objectStack: Record<string, unknown>[]
  height: number
  shape: Shape
  /** Depth inside an element that is read past. */
  skip: number
  /** The leaf that is open, and its text: bytes of the present buffer, or a string when it came in pieces. */
  leaf: Plan | null
  leafStart: number
  leafEnd: number
  leafText: string
  resource: ContentKind | null
  drafts: Draft[]
  readings: ReadingsBuilder
  /** How the readings of an entry are cut off. */
  take: (builder: ReadingsBuilder) => Readings
  template: ReadingTemplate | null
  trace: ReadingTrace
  /** Counts over the whole body, for the verdict at its end. */
  seen: { drafts: number; entries: number; resources: number; espi: boolean }
}

export function createReader(take: Reader['take']): Reader {
  return {
    tokenizer: null,
    entries: [],
    heads: [],
    planStack: [],
    shapeStack: [],
    objectStack: [],
    height: 0,
    shape: CONTENT_SHAPE,
    skip: 0,
    leaf: null,
    leafStart: -1,
    leafEnd: -1,
    leafText: '',
    resource: null,
    drafts: [],
    readings: createReadingsBuilder(),
    take,
    template: null,
    trace: createTrace(),
    seen: { drafts: 0, entries: 0, resources: 0, espi: false },
  }
}

export function newDraft(startOffset: number, bare = false): Draft {
  return {
    texts: { id: null, title: null, published: null, updated: null },
    self: null,
    up: null,
    related: [],
    bare,
    startOffset,
    contents: [],
    problem: null,
    unknown: null,
    elements: 0,
  }
}
