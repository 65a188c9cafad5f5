#!/usr/bin/env node
// Starts a command on a Node that strips types. Plain `node` may be 20 (or npm 10 may have left out the `node` link in
// node_modules/.bin), so the Node that came with `npm ci` is found through its own package.
// `npx gbp …` comes here without a script: then the program is the command line itself.
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const [major, minor] = process.versions.node.split('.').map(Number)
let node = process.execPath
if (major < 22 || (major === 22 && minor < 18) || major === 23) {
  const name = `node-${process.platform}-${process.arch}`
  try {
    node = path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin/node')
  } catch {
    console.error(`This program needs Node 22.18 or later, or the package ${name}. Run "npm ci", or install Node 24.`)
    process.exit(1)
  }
}

const args = process.argv.slice(2)
const target = args[0] ?? ''
const bin = path.join(__dirname, 'node_modules/.bin', target)
const calledAsGbp = path.basename(process.argv[1]) === 'gbp'
if (calledAsGbp || target === '') args.unshift(path.join(__dirname, 'src/cli/main.ts'))
else if (!/[./]/.test(target) && fs.existsSync(bin)) args[0] = fs.realpathSync(bin)

const env = {
  ...process.env,
  PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(__dirname, 'node_modules/.cache/compile'),
}
// Readings lie in arrays beside the heap, which are freed when the heap's young part is full: with less room there a large feed takes
// less time and memory, and an answer of the API costs the same (docs/decisions/0021-memory-that-is-used-again.md).
const child = spawn(node, ['--max-semi-space-size=16', ...args], { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`Could not start ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
