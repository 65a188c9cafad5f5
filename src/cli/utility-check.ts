import { randomBytes } from 'node:crypto'
import { rootCertificates } from 'node:tls'

import { openStore, type Store } from '../open-store.ts'
import { checkRegistration } from '../authorization/check-registration.ts'
import { type Config, readConfig } from '../config.ts'
import { saveCheck } from '../storage/registrations.ts'
import { openConnections } from '../utilities/connections.ts'
import type { Utility } from '../utilities/contract.ts'
import { type Finding, missing, warning } from '../utilities/finding.ts'
import { judgeCertificate } from '../utilities/judge-certificate.ts'
import { openRegistration, type Registration } from '../utilities/registration.ts'
import { ownAddresses } from './utility-add.ts'
import { findShown, findUtility, listShown } from './utility-find.ts'
import { type GivenRegistration, readGiven, readText, type SecretOptions } from './utility-secrets.ts'

export type CheckOptions = SecretOptions & { certificateOnly?: boolean; json?: boolean }

const NO_VARIABLES: NodeJS.ProcessEnv = {}

/**
 * `gbp utility check REGISTRATION`: judges the certificate (the stored one, or the one in files, before anybody sends it),
 * then runs the utility's own tests, and says what is missing. Returns 1 when something is.
 */
export async function checkRegistered(
  env: NodeJS.ProcessEnv,
  name: string,
  options: CheckOptions,
  out: (line: string) => void,
): Promise<number> {
  const given = readGiven(options, NO_VARIABLES, readText)
  const config = readConfig(env)
  const store = await openStore(config, (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    const findings = await findingsFor({ store, config, name, given, options })
    if (options.json) out(JSON.stringify({ ok: isComplete(findings), findings }))
    else printFindings(findings, out)
    return isComplete(findings) ? 0 : 1
  } finally {
    await store.close()
  }
}

type Asked = { store: Store; config: Config; name: string; given: GivenRegistration; options: CheckOptions }

async function findingsFor({ store, config, name, given, options }: Asked): Promise<Finding[]> {
  const isNew = given.certificate !== undefined
  if (isNew && !/^\d+$/.test(name)) {
    // A certificate can be looked at before there is any registration.
    const utility = findUtility(name)
    const registered = (await listShown(store.db)).some((shown) => shown.utility.id === utility.id)
    if (!registered) return judge(utility, { certificate: given.certificate ?? null, key: given.key ?? null, ca: null })
  }
  const { row } = await findShown(store.db, name)
  const stored = openRegistration(row, store.envelope)
  const registration = isNew ? { ...stored, certificate: given.certificate ?? null, key: given.key ?? null } : stored
  const certificate = judge(stored.utility, registration)
  if (options.certificateOnly) return certificate
  const findings = [...certificate, ...judgeIds(registration), ...(await converse({ store, config }, registration))]
  if (!isNew) await keep(store, row.registrationUid, findings)
  return findings
}

/** Judges a certificate for a utility, against the authorities that this Node knows as public. */
export function judge(
  utility: Utility,
  { certificate, key, ca }: Pick<Registration, 'certificate' | 'key' | 'ca'>,
): Finding[] {
  return judgeCertificate({
    utilityName: utility.name,
    tls: utility.tls,
    certificate,
    key,
    roots: rootCertificates,
    own: ca,
    now: new Date(),
  })
}

/** Speaks with the utility under a registration, stored like this or not. */
export async function converse(
  { store, config }: { store: Store; config: Config },
  registration: Registration,
): Promise<Finding[]> {
  const { utility, notificationKey, registrationUid, environment } = registration
  const now = (): Date => new Date()
  const connections = openConnections({ ...store, now })
  try {
    const { admit, admitToken, quota } = connections.limiterOf({ registrationUid, utility, environment })
    const own = ownAddresses(config, utility, notificationKey)
    const deps = { now, random: randomBytes, redirectUri: own.redirect_uri, notificationUri: own.notification_uri }
    return await checkRegistration(deps, { utility, registration, admit, admitToken, quota })
  } finally {
    await connections.close()
  }
}

function judgeIds({ utility, bulkId }: Registration): Finding[] {
  const findings: Finding[] = []
  if (utility.support === 'profile-only') {
    findings.push(
      warning(
        'profile',
        `The profile of ${utility.name} was never tried against the utility. Compare every value with what they gave you.`,
      ),
    )
  }
  if (bulkId === null && utility.espi.delivery === 'bulk-files') {
    findings.push(
      missing(
        'bulk_id',
        `${utility.name} sends data in bulk files, and the bulk id is missing. It came with the registration.`,
      ),
    )
  }
  return findings
}

async function keep(store: Store, registrationUid: string, findings: readonly Finding[]): Promise<void> {
  const named = (state: Finding['state']): string[] =>
    findings.filter((one) => one.state === state).map(({ check }) => check)
  const outcome = { missing: named('missing'), warnings: named('warning') }
  await store.db.operator((tx) => saveCheck(tx, { registrationUid, checked: new Date(), outcome }))
}

export function isComplete(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'missing')
}

export function printFindings(findings: readonly Finding[], out: (line: string) => void): void {
  const marks = { ok: 'ok', warning: 'look', missing: 'MISSING' }
  for (const { check, state, says } of findings) out(`${marks[state].padEnd(8)} ${check.padEnd(17)} ${says}`)
  const count = findings.filter(({ state }) => state === 'missing').length
  out(count === 0 ? 'Nothing is missing.' : `Missing: ${count}.`)
}
