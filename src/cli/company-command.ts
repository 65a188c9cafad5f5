import type { Command } from 'commander'

/** `gbp company add|list|token`: who the operator serves. */
export function addCompanyCommand(program: Command, out: (line: string) => void): void {
  const company = program.command('company').description('the companies that ask customers for their data')
  company
    .command('add')
    .description('take on a company: its owner and first token')
    .requiredOption('--alias <alias>', 'its name in addresses, such as sunrise-solar')
    .requiredOption('--name <name>', 'as customers read it')
    .option('--legal-name <name>', 'as contracts have it; the name when not given')
    .requiredOption('--email <address>', 'where customers reach it')
    .requiredOption('--owner-name <name>', 'its first member')
    .requiredOption('--owner-email <address>')
    .action(async (options: Record<string, string>) => {
      const { addToCompanies } = await import('./company.ts')
      await addToCompanies(process.env, options, out)
    })
  company
    .command('list')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const { showCompanies } = await import('./company.ts')
      await showCompanies(process.env, options, out)
    })
  company
    .command('token')
    .description('a new token for a member who has none that works; shown once')
    .argument('<alias>')
    .argument('<email>')
    .action(async (alias: string, email: string) => {
      const { showNewToken } = await import('./company.ts')
      await showNewToken(process.env, alias, email, out)
    })
}
