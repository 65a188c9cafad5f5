import { z } from 'zod'

import { hashKey, newKey } from '../authorization/keys.ts'
import { isUid, type Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { endConsentsOfClient } from '../storage/client-consents.ts'
import { insertClientToken } from '../storage/client-tokens.ts'
import {
  type ClientRow,
  deleteClient,
  insertClient,
  listClients,
  rotateClientSecret,
  setNotifyUri,
} from '../storage/clients.ts'
import type { Tx } from '../storage/db.ts'
import { judgeAddress } from '../webhooks/add-endpoint.ts'
import { client, clientRotation, newClient } from './answers/client.ts'
import { listingOf, success } from './answers/fields.ts'
import { ApiError, notFound } from './api-error.ts'
import { clientBody, modifyClientBody, rotateClientBody } from './client-body.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { guarded } from './guarded.ts'
import { parseParameters } from './parameters.ts'
import { renderClient } from './render/client.ts'
import { platformTime } from './render/times.ts'
import { refuseReserved } from './template-body.ts'

const CLIENTS_LIMIT = 50
const HOUR_MS = 3_600_000

const none = z.object({})

async function getClient(tx: Tx, uid: string | undefined): Promise<ClientRow> {
  const [row] = uid !== undefined && isUid(uid) ? await listClients(tx, uid) : []
  if (!row) throw notFound()
  return row
}

async function audit(tx: Tx, call: Call<NativeDeps>, action: string, clientUid: Uid): Promise<void> {
  const { companyUid, deps, memberUid: by } = call
  await appendAudit(tx, { actor: 'company', action, companyUid, now: deps.now(), details: { clientUid, by } })
}

async function create(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid } = call
  const {
    name,
    redirect_uris: redirectUris,
    data_classes: dataClasses,
    notify_uri,
  } = parseParameters(clientBody, call.body)
  refuseReserved(name, deps.utilities, 'name')
  if (notify_uri !== null) await guarded('notify_uri', () => judgeAddress(deps, notify_uri))
  const now = deps.now()
  const secret = newKey(deps.random)
  const token = newKey(deps.random)
  const clientId = Buffer.from(deps.random(16)).toString('hex')
  const row = await deps.db.company(companyUid, async (tx) => {
    if ((await listClients(tx)).length >= CLIENTS_LIMIT)
      throw new ApiError('forbidden', `There are ${CLIENTS_LIMIT} clients already.`)
    const given = { companyUid, name, clientId, redirectUris, dataClasses, notifyUri: notify_uri }
    const row = await insertClient(tx, { ...given, secretHash: hashKey(secret), now })
    const registration = { kind: 'registration', companyUid, clientUid: row.clientUid, created: now } as const
    const nothing = { authorizationUid: null, consentNo: null, expires: null }
    await insertClientToken(tx, { ...registration, ...nothing, tokenHash: hashKey(token) })
    await audit(tx, call, 'client_made', row.clientUid)
    return row
  })
  const base = `${deps.publicUrl}/DataCustodian`
  return {
    ...renderClient(row),
    client_secret: secret,
    registration_access_token: token,
    authorization_endpoint: `${base}/oauth/authorize`,
    token_endpoint: `${base}/oauth/token`,
    resource_endpoint: `${base}/espi/1_1/resource`,
  }
}

async function modify(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  const { clientUid } = await deps.db.company(companyUid, (tx) => getClient(tx, params['uid']))
  const { notify_uri } = parseParameters(modifyClientBody, call.body)
  if (notify_uri !== null) await guarded('notify_uri', () => judgeAddress(deps, notify_uri))
  const row = await deps.db.company(companyUid, async (tx) => {
    await setNotifyUri(tx, clientUid, notify_uri, deps.now())
    await audit(tx, call, 'client_changed', clientUid)
    return await getClient(tx, clientUid)
  })
  return renderClient(row)
}

async function rotate(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  const now = deps.now()
  const secret = newKey(deps.random)
  return await deps.db.company(companyUid, async (tx) => {
    const { clientUid } = await getClient(tx, params['uid'])
    const { overlap_hours } = parseParameters(rotateClientBody, call.body)
    const previousUntil = new Date(now.getTime() + overlap_hours * HOUR_MS)
    await rotateClientSecret(tx, clientUid, { secretHash: hashKey(secret), previousUntil, now })
    await audit(tx, call, 'client_secret_rotated', clientUid)
    return { client_secret: secret, previous_valid_until: platformTime(previousUntil) }
  })
}

async function remove(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid, params } = call
  await deps.db.company(companyUid, async (tx) => {
    const { clientUid } = await getClient(tx, params['uid'])
    await endConsentsOfClient(tx, clientUid, 'company', deps.now())
    await deleteClient(tx, clientUid)
    await audit(tx, call, 'client_deleted', clientUid)
  })
  return { success: true }
}

export const clientEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'GET',
    path: '/clients',
    summary: 'Lists the third parties that customers may let in over Green Button, oldest first',
    scope: 'account',
    query: none,
    answer: listingOf('clients', client),
    async run({ deps, companyUid }) {
      const rows = await deps.db.company(companyUid, (tx) => listClients(tx))
      return { clients: rows.map(renderClient), next: null }
    },
  },
  {
    method: 'POST',
    path: '/clients',
    summary: 'Registers a third party and shows its secrets, this once',
    scope: 'account',
    query: none,
    body: clientBody,
    answer: newClient,
    run: create,
  },
  {
    method: 'GET',
    path: '/clients/:uid',
    summary: 'Gets a third party, without its secrets',
    scope: 'account',
    query: none,
    answer: client,
    async run({ deps, companyUid, params }) {
      return renderClient(await deps.db.company(companyUid, (tx) => getClient(tx, params['uid'])))
    },
  },
  {
    method: 'PATCH',
    path: '/clients/:uid',
    summary: 'Changes where a third party is told of news, or tells it again',
    scope: 'account',
    query: none,
    body: modifyClientBody,
    answer: client,
    run: modify,
  },
  {
    method: 'POST',
    path: '/clients/:uid/rotate-secret',
    summary: 'Gives a third party a new secret and shows it, this once',
    scope: 'account',
    query: none,
    body: rotateClientBody,
    answer: clientRotation,
    run: rotate,
  },
  {
    method: 'DELETE',
    path: '/clients/:uid',
    summary: 'Removes a third party; all that customers let it have ends at once',
    scope: 'account',
    query: none,
    answer: success,
    run: remove,
  },
]
