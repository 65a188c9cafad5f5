import { Command, CommanderError } from 'commander'

import { ConfigError } from '../config.ts'
import { addCompanyCommand } from './company-command.ts'
import { addUtilityCommand } from './utility-command.ts'

/**
 * The command line. Each command's module is loaded when it is called, so that `gbp inspect` needs no database.
 * Exit codes: 0 done, 1 the command found something wrong and said what, 2 the call itself was wrong.
 */
const program = new Command('gbp')
  .description("An operator's Green Button Connect My Data proxy")
  .showHelpAfterError()
  .exitOverride()

const out = (line: string): void => void process.stdout.write(`${line}\n`)

program
  .command('start')
  .description('everything: the product, simulated utilities, a demo company')
  .action(async () => {
    const { start } = await import('./start.ts')
    await start(process.env, out)
  })

program
  .command('serve')
  .description('the product alone')
  .option('--api', 'only pages and API, no collection')
  .option('--worker', 'only collection, no pages and API')
  .action(async (options: { api?: boolean; worker?: boolean }) => {
    const { serve } = await import('./serve.ts')
    await serve(process.env, { api: options.worker !== true, worker: options.api !== true }, out)
  })

program
  .command('migrate')
  .description('bring the database to the present version')
  .option('--roles', "only print the statements that make this program's roles, for the database's administrator")
  .option('--distribute', 'then spread the tables over a Citus cluster, by authorization')
  .action(async (options: { roles?: boolean; distribute?: boolean }) => {
    const { distributeDatabase, migrateDatabase, printRoles } = await import('./migrate.ts')
    if (options.roles) printRoles(out)
    else if (options.distribute) await distributeDatabase(process.env, out)
    else await migrateDatabase(process.env, out)
  })

program
  .command('demo')
  .description("walk the customer's whole path and compare all totals with the simulated utilities' ledgers")
  .option('--json', 'print one JSON document only')
  .action(async (options: { json?: boolean }) => {
    const { demo } = await import('./demo.ts')
    process.exitCode = await demo({ json: options.json === true, out })
  })

program
  .command('simulate')
  .description('the simulated utilities alone, on loopback')
  .option('--pge <port>', "PG&E's pages", '8411')
  .option('--pge-api <port>', "PG&E's API", '8412')
  .option('--sce <port>', "SCE's pages", '8413')
  .option('--sce-api <port>', "SCE's API", '8414')
  .option('--demo <port>', 'DEMO', '8415')
  .option('--customers <n>', 'size of the fleet of further customers')
  .option('--seed <n>', 'what the customers are made from')
  .option('--clock <iso>', 'a moment at which the clock stands')
  .option('--state <folder>', 'where authorizations and certificates are kept')
  .action(async (options: Record<string, string>) => {
    const { simulate } = await import('./simulate.ts')
    await simulate(options, out)
  })

program
  .command('import')
  .description('a Green Button file that a utility wrote, into the four products')
  .argument('<files...>')
  .option('--company <alias>', 'the company it is for; needed when there are several')
  .option('--utility <id>', 'the utility that wrote it; found from the file when not given')
  .option('--json', 'print one JSON document a file')
  .action(async (files: string[], options: { company?: string; utility?: string; json?: boolean }) => {
    const { importFiles } = await import('./import.ts')
    process.exitCode = await importFiles(process.env, files, options, out)
  })

program
  .command('inspect')
  .description('what is in a Green Button file: counts and sums as sent, before any repair (docs/espi.md)')
  .argument('<files...>', 'XML, gzip of it, or - for standard input')
  .option('--json', 'print one JSON document a line for each file')
  .action(async (files: string[], options: { json?: boolean }) => {
    const { inspect } = await import('./inspect.ts')
    process.stdout.on('error', leaveQuietly)
    process.exitCode = await inspect(files, { json: options.json === true, out, stdin: process.stdin })
  })

program
  .command('replay')
  .description('derive the products again from the raw feeds that were kept')
  .argument('[authorization]', 'its uid; all when not given')
  .action(async (authorization: string | undefined) => {
    const { replay } = await import('./replay.ts')
    process.exitCode = await replay(process.env, authorization ?? null, out)
  })

program
  .command('rotate-keys')
  .description('put everything that is encrypted under the new ENCRYPTION_KEY')
  .action(async () => {
    const { rotateKeys } = await import('./rotate-keys.ts')
    await rotateKeys(process.env, out)
  })

program
  .command('backup')
  .description('all that the database holds, as of now, into an encrypted file; may run beside everything else')
  .argument('<file>', 'a name that is not there yet')
  .action(async (file: string) => {
    const { backup } = await import('./backup.ts')
    await backup(process.env, file, out)
  })

program
  .command('restore')
  .description('a backup into an empty database; shares that ended since (ENDS_FILE) end again')
  .argument('<file>')
  .option('--check', 'only read all of it')
  .action(async (file: string, options: { check?: boolean }) => {
    const { checkBackup, restore } = await import('./restore.ts')
    await (options.check ? checkBackup : restore)(process.env, file, out)
  })

addCompanyCommand(program, out)
addUtilityCommand(program, out)

program
  .command('status')
  .description('what is owed, and what stands in the way')
  .action(async () => {
    const { status } = await import('./status.ts')
    await status(process.env, out)
  })

/** Whoever reads may stop early, as `| head` does. */
function leaveQuietly(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
  process.exit()
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${message}\n`)
    if (!(error instanceof ConfigError) && process.env['LOG_LEVEL'] === 'debug' && error instanceof Error) {
      process.stderr.write(`${error.stack ?? ''}\n`)
    }
    process.exitCode = 1
  }
}
