import type { Command } from 'commander'

import type { AddOptions } from './utility-add.ts'
import type { CheckOptions } from './utility-check.ts'
import type { RotateOptions } from './utility-rotate.ts'

const SECRETS = 'Secrets come from files (- is standard input), the environment, or one JSON file; never as arguments.'

/** `gbp utility add|list|check|rotate`: the operator's and companies' registrations at utilities. */
export function addUtilityCommand(program: Command, out: (line: string) => void): void {
  const utility = program
    .command('utility')
    .description('registrations at utilities: certificates, secrets, their tests')
  const secrets = (command: Command): Command =>
    command
      .option('--client-secret-file <file>', 'the client secret, or GBP_CLIENT_SECRET')
      .option('--registration-token-file <file>', 'the registration access token, or GBP_REGISTRATION_TOKEN')
      .option('--certificate-file <file>', 'our client certificate and its chain, PEM')
      .option('--key-file <file>', 'its private key, PEM without passphrase, or GBP_CLIENT_KEY')
      .option('--json', 'print one JSON document')

  secrets(utility.command('add'))
    .description(`store a registration. ${SECRETS}`)
    .argument('[utility]', 'its id or the name in addresses, such as pge')
    .option('--environment <name>', 'production (when not given), test or simulated')
    .option('--company <alias>', "the company whose own it is; the operator's when not given")
    .option('--client-id <id>')
    .option('--bulk-id <id>')
    .option('--application-id <id>', 'our ApplicationInformation at the utility')
    .option('--authorization-endpoint <url>', "where the profile's is not the right one")
    .option('--token-endpoint <url>')
    .option('--resource-base <url>')
    .option('--ca-file <file>', 'an authority to trust beside the public ones, outside production')
    .option('--from <file>', 'all of it as JSON')
    .action(async (name: string | undefined, options: AddOptions) => {
      const { addRegistration } = await import('./utility-add.ts')
      process.exitCode = await addRegistration(process.env, name, options, out)
    })

  utility
    .command('list')
    .description('the registrations, without their secrets')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const { listRegistered } = await import('./utility-list.ts')
      process.exitCode = await listRegistered(process.env, options, out)
    })

  utility
    .command('check')
    .description("judge the certificate, run the utility's own tests, say what is missing (exit code 1)")
    .argument('<registration>', 'its number, or its utility where there is only one')
    .option('--certificate-file <file>', 'judge this one instead, before it is sent or stored')
    .option('--key-file <file>', 'its private key')
    .option('--certificate-only', 'ask the utility nothing')
    .option('--json', 'print one JSON document')
    .action(async (name: string, options: CheckOptions) => {
      const { checkRegistered } = await import('./utility-check.ts')
      process.exitCode = await checkRegistered(process.env, name, options, out)
    })

  secrets(utility.command('rotate'))
    .description(`new secrets, tried before they are put in place. ${SECRETS}`)
    .argument('<registration>', 'its number, or its utility where there is only one')
    .option('--force', 'put them in place untried')
    .option('--back', 'go back to what the last rotation replaced')
    .action(async (name: string, options: RotateOptions) => {
      const { rotateRegistered } = await import('./utility-rotate.ts')
      process.exitCode = await rotateRegistered(process.env, name, options, out)
    })
}
