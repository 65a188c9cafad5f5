import { expect } from 'vitest'

import { newCustomer } from './customer.ts'
import { checkAfterCrash, checkTokens, collected, toldOfLoss, untold } from './invariants.ts'
import type { LaterPoint } from './later-points.ts'
import type { Point } from './points.ts'
import type { Stage } from './stage.ts'

/** One place to die, with all that has to hold after it. `no` is the number in the checklist. */
export type Scenario = {
  no: number
  name: string
  /** Dies there, and checks; the milliseconds until the product was ready again. `round` counts from 0. */
  run(stage: Stage, round: number): Promise<number>
}

/** A customer's way, on which the product dies; all comes right by itself. */
export function onTheWay(point: Point): Scenario {
  return {
    ...point,
    async run({ bench, receiver, dieAt }) {
      const customer = newCustomer(bench, point.utility)
      const halt = point.halt(bench)
      await point.before?.(bench)
      await halt.arm()
      const readyMs = await dieAt(halt, customer.toFinalStep().then(customer.confirm))
      await customer.goOn()
      if (point.losesGrant) {
        await toldOfLoss(bench, customer)
        await customer.shareAgain()
      }
      await checkAfterCrash(bench, customer)
      await checkTokens(bench, customer)
      expect(await untold(bench, receiver, customer)).toEqual([])
      return readyMs
    },
  }
}

/** What somebody does when all data are there; it is done all the same. */
export function afterwards({ no, name, utility, halt: open, act, check }: LaterPoint): Scenario {
  return {
    ...{ no, name },
    async run({ bench, receiver, dieAt }) {
      const customer = newCustomer(bench, utility)
      await customer.goOn()
      const { uid } = await collected(bench, customer)
      const halt = open(bench)
      await halt.arm()
      const readyMs = await dieAt(halt, act(bench, customer, uid))
      await act(bench, customer, uid)
      await check(bench, uid)
      expect(await untold(bench, receiver, customer)).toEqual([])
      return readyMs
    },
  }
}
