import { faultsSuite } from './faults-suite.ts'
import { pgeUsage } from './faults-table.ts'

faultsSuite('pgeUsage', 'pge', pgeUsage)
