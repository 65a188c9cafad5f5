import { faultsSuite } from './faults-suite.ts'
import { demo } from './faults-table.ts'

faultsSuite('demo', 'demo', demo)
