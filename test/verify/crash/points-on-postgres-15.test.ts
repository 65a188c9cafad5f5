import { afterAll, beforeAll } from 'vitest'

import { type Postgres15, startPostgres15 } from '../../postgres-15.ts'
import { FIRST_START } from './start-points.ts'
import { runPoints } from './run-points.ts'

let server: Postgres15
beforeAll(async () => {
  server = await startPostgres15()
  process.env['TEST_DATABASE_URL'] = server.address
})
afterAll(async () => {
  await server.stop()
})

runPoints('PostgreSQL 15', { sample: [19], without: [FIRST_START.no] })
