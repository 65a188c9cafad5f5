import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, type Seed, testDatabase, type TestDatabase } from '../../test/database.ts'
import { AUTHORIZATION_STATES } from '../model/authorization-states.ts'
import { FLOW_STATES, isFlowStep } from './flow-states.ts'
import { isStep, STEPS, StepRefused, transition } from './states.ts'

let database: TestDatabase
let seed: Seed
beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(async () => await database.close())

const now = new Date('2026-11-25T12:00:00Z')
const why = { by: 'system', reason: 'test', now } as const

const pairs = AUTHORIZATION_STATES.flatMap((from) => AUTHORIZATION_STATES.map((to) => [from, to] as const))

describe('an authorization goes only where the table lets it', () => {
  const written = async (authorizationUid: string) => ({
    events: await database.admin('select type from events where authorization_uid = $1', [authorizationUid]),
    audit: await database.admin('select action from audit_entries where authorization_uid = $1', [authorizationUid]),
  })

  it.each(STEPS.filter((step) => step.from !== null))('$from to $to', async (step) => {
    const authorizationUid = await seedAuthorization(database.db, seed, step.from === null ? {} : { state: step.from })
    const moved = await database.db.operator((tx) => transition(tx, authorizationUid, step.to, why))
    expect(moved).toMatchObject({ state: step.to, ended: step.ends ? now : null })
    expect(await written(authorizationUid)).toEqual({
      events: step.event === null ? [] : [{ type: step.event }],
      audit: [{ action: step.audit }],
    })
  })

  it.each(pairs.filter(([from, to]) => !isStep(from, to)))('never %s to %s', async (from, to) => {
    const authorizationUid = await seedAuthorization(database.db, seed, { state: from })
    const move = database.db.operator((tx) => transition(tx, authorizationUid, to, why))
    await expect(move).rejects.toBeInstanceOf(StepRefused)
    expect(await written(authorizationUid)).toEqual({ events: [], audit: [] })
  })
})

it('what has ended stays ended; what ran out can only be deleted', () => {
  for (const end of ['revoked', 'declined', 'abandoned'] as const) {
    expect(AUTHORIZATION_STATES.filter((to) => isStep(end, to))).toEqual([])
  }
  expect(AUTHORIZATION_STATES.filter((to) => isStep('expired', to))).toEqual(['revoked'])
})

it('of two who end it at once, one does, and one event is written', async () => {
  const authorizationUid = await seedAuthorization(database.db, seed)
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => database.db.operator((tx) => transition(tx, authorizationUid, 'revoked', why))),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await database.admin('select 1 from events where authorization_uid = $1', [authorizationUid])).toHaveLength(1)
})

it('a flow never goes back, and an answer that is used up never makes another request', () => {
  expect(FLOW_STATES.filter((to) => isFlowStep('exchanging', to))).toEqual(['granted', 'declined', 'failed'])
  for (const end of ['confirmed', 'declined', 'failed', 'expired', 'withdrawn', 'abandoned'] as const) {
    expect(FLOW_STATES.filter((to) => isFlowStep(end, to))).toEqual([])
  }
  expect(FLOW_STATES.filter((from) => isFlowStep(from, 'sent'))).toEqual([])
})
