import { openStore } from '../open-store.ts'
import { readConfig } from '../config.ts'
import type { Finding } from '../utilities/finding.ts'
import { openRegistration, type Registration } from '../utilities/registration.ts'
import { type NewSecrets, restoreSecrets, rotateSecrets } from '../utilities/rotate-registration.ts'
import { converse, judge, printFindings } from './utility-check.ts'
import { findShown } from './utility-find.ts'
import { BadInput, type GivenRegistration, readGiven, readText, type SecretOptions } from './utility-secrets.ts'

export type RotateOptions = SecretOptions & { force?: boolean; back?: boolean; json?: boolean }

/** Without these nothing can be collected: a rotation that loses them is not made. */
const VITAL = new Set(['connection', 'client_token', 'service_status', 'production_token'])

/**
 * `gbp utility rotate REGISTRATION`: new secret, registration token or certificate. They are tried at the utility first and
 * put in place only if they work (--force: untried); the old ones are kept to go --back to. Running processes use the new
 * ones from their next request on. Returns the exit code.
 */
export async function rotateRegistered(
  env: NodeJS.ProcessEnv,
  name: string,
  options: RotateOptions,
  out: (line: string) => void,
): Promise<number> {
  const given = options.back ? {} : readGiven(options, env, readText)
  const config = readConfig(env)
  const store = await openStore(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  const deps = { ...store, now: () => new Date() }
  const say = (text: string, findings: readonly Finding[] = []): void => {
    if (options.json) return out(JSON.stringify({ ok: findings.length === 0, says: text, findings }))
    if (findings.length > 0) printFindings(findings, out)
    out(text)
  }
  try {
    const { row } = await findShown(store.db, name)
    const { registrationUid } = row
    if (options.back) {
      await restoreSecrets(deps, registrationUid)
      say(`Registration ${registrationUid} is back to what it had before the last rotation.`)
      return 0
    }
    const secrets = newSecrets(given)
    const trial = { ...openRegistration(row, store.envelope), ...secrets }
    const wrong = options.force
      ? []
      : await objections({ trial, secrets }, (registration) => converse({ store, config }, registration))
    if (wrong.length > 0) {
      say('Nothing was changed. Mend this, or put them in place untried with --force.', wrong)
      return 1
    }
    await rotateSecrets(deps, registrationUid, secrets)
    say(
      `Registration ${registrationUid} has its new secrets${options.force ? ', untried' : ''}; the old ones are kept: gbp utility rotate ${registrationUid} --back`,
    )
    return 0
  } finally {
    await store.close()
  }
}

function newSecrets({ clientSecret, registrationToken, certificate, key }: GivenRegistration): NewSecrets {
  if ((certificate === undefined) !== (key === undefined))
    throw new BadInput('A certificate and its key go together: give both files.')
  const secrets: NewSecrets = {
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(registrationToken === undefined ? {} : { registrationAccessToken: registrationToken }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
  }
  if (Object.keys(secrets).length === 0) throw new BadInput('Nothing new was given. See: gbp utility rotate --help')
  return secrets
}

async function objections(
  { trial, secrets }: { trial: Registration; secrets: NewSecrets },
  speak: (registration: Registration) => Promise<Finding[]>,
): Promise<Finding[]> {
  const isMissing = ({ state }: Finding): boolean => state === 'missing'
  const certificate = secrets.certificate === undefined ? [] : judge(trial.utility, trial).filter(isMissing)
  if (certificate.length > 0) return certificate
  return (await speak(trial)).filter((finding) => isMissing(finding) && VITAL.has(finding.check))
}
