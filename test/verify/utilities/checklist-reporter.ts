import type { Reporter, TestModule } from 'vitest/node'

/** `D2.8` at the beginning of a test's name is the item of the checklist that it proves. */
const item = /^([A-Z]\d*(?:\.\d+)?) /

const order = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** Prints, after a suite, how many tests of each item of a checklist passed. Items come from the names of the tests. */
export default class ChecklistReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, { passed: number; all: number }>()
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const name = item.exec(test.name)?.[1]
      if (name === undefined) continue
      const count = counts.get(name) ?? { passed: 0, all: 0 }
      count.all++
      if (test.result().state === 'passed') count.passed++
      counts.set(name, count)
    }
    if (counts.size === 0) return
    const line = [...counts]
      .sort(([a], [b]) => order(a, b))
      .map(([name, { passed, all }]) => `${name} ${passed}/${all}`)
    const done = [...counts.values()].filter(({ passed, all }) => passed === all).length
    process.stdout.write(`\nChecklist: ${done} of ${counts.size} items passed\n`)
    for (let at = 0; at < line.length; at += 10) process.stdout.write(`  ${line.slice(at, at + 10).join('   ')}\n`)
  }
}
