import { faultsSuite } from './faults-suite.ts'
import { pge } from './faults-table.ts'

faultsSuite('pge', 'pge', pge)
