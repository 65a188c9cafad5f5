import type { Language } from '../authorization/customer-path.ts'
import { hashKey, isKey, newKey } from '../authorization/keys.ts'
import { listSharesOf } from '../storage/client-consents.ts'
import { countClientRequests, insertClientRequest } from '../storage/client-requests.ts'
import { queueClientMail } from './client-mail.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import type { JudgedRequest } from './judge-request.ts'

/** How long a customer may take, and how many requests of one client an address is mailed in that time. */
const LIFE_MS = 3_600_000
const MAILS = 3

/**
 * Stores a request under the customer's e-mail address and mails a link to it, where somebody shares under that address. Whoever asks
 * is not told whether: the answer is the same. Returns the cookie of the browser, in which alone the link works.
 */
export async function beginRequest(
  deps: CustodianDeps,
  request: JudgedRequest,
  { email, cookie, language }: { email: string; cookie: string | null; language: Language },
): Promise<string> {
  const { db, random, config } = deps
  const now = deps.now()
  const browser = cookie !== null && isKey(cookie) ? cookie : newKey(random)
  const key = newKey(random)
  const { client, companyName, utility, ...asked } = request
  const { companyUid, clientUid } = client
  await db.operator(async (tx) => {
    if ((await countClientRequests(tx, { clientUid, email, now })) >= MAILS) return
    await insertClientRequest(tx, {
      ...{ ...asked, companyUid, clientUid, email, utility, created: now },
      ...{ linkHash: hashKey(key), browserHash: hashKey(browser), expires: new Date(now.getTime() + LIFE_MS) },
    })
    const [share] = await listSharesOf(tx, { companyUid, email, utility, now })
    if (!share) return
    await queueClientMail(tx, {
      kind: 'client_asks',
      once: `client_asks:${hashKey(key).toString('hex')}`,
      authorizationUid: share.authorizationUid,
      recipient: email,
      language,
      facts: { clientName: client.name, companyName, ...config, link: consentUrl(config.publicUrl, key) },
      now,
    })
    await deps.ringMails(tx)
  })
  return browser
}

/** Where the mailed link leads. */
function consentUrl(publicUrl: string, key: string): string {
  return `${publicUrl}/DataCustodian/oauth/consent/${key}`
}
