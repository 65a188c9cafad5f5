import { html } from 'ghtml'
import { createAuthorization, createCode } from '../kit/authorizations.ts'
import { errorRedirect, type Flow, type Flows, withParameters } from '../kit/flows.ts'
import { buttons, errorBox, hidden, type Look, page, signInFields } from '../kit/html.ts'
import { type Answer, type Incoming, redirect } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import { householdOf, partyOfClient, type Utility } from '../kit/utility.ts'
import { type Agreement, agreementsOf } from '../world/household.ts'
import { dayFromIso, midnight } from '../world/local-days.ts'

export const look: Look = { title: 'Southern California Edison', color: '#00664f' }

/** SCE's data types and what they hold. */
export const dataTypes = {
  usage: 'Interval usage',
  billing: 'Billing',
  customer: 'Account and service information',
} as const

const base = '/DataCustodian/oauth'

export const errorPage = (message: string): Answer =>
  page(look, { heading: 'We cannot continue', status: 400, content: errorBox(message) })

/** Sign-in, terms, then accounts, data types and time span on one page; null when the path is none of SCE's pages. */
export const answerPage = (
  utility: Utility,
  flows: Flows,
  incoming: Incoming,
  done: (authorization: Authorization) => void,
): Answer | null => {
  const { method, path, form, query } = incoming
  if (method === 'GET' && path === utility.settings.authorizePath) return authorize(utility, flows, incoming)
  if (!path.startsWith(`${base}/`)) return null
  const flow = flows.find(form.get('flow') ?? query.get('flow'))
  if (!flow)
    return page(look, {
      heading: 'Please start again',
      status: 400,
      content: errorBox('This page has expired. Go back to the site that sent you here and start again.'),
    })
  if (method === 'POST' && form.get('action') === 'cancel') {
    flows.close(flow)
    return redirect(errorRedirect(flow, 'access_denied'))
  }
  if (method === 'POST' && path === `${base}/sign-in`) return signIn(utility, flow, incoming)
  if (!flow.login) return signInPage(flow, null)
  if (path === `${base}/terms`) {
    if (method === 'GET') return termsPage(flow)
    flow.agreed = true
    return { status: 303, headers: { location: `${base}/accounts?flow=${flow.id}` } }
  }
  if (!flow.agreed) return termsPage(flow)
  if (method === 'GET' && path === `${base}/accounts`) return accountsPage(utility, flow, null)
  if (method === 'POST' && path === `${base}/submit`) return submit(utility, flows, { flow, incoming, done })
  return null
}

function authorize(utility: Utility, flows: Flows, incoming: Incoming): Answer {
  const { query } = incoming
  const party = partyOfClient(utility, query.get('client_id'))
  if (!party) return errorPage('The client_id is missing or not known.')
  const redirectUri = query.get('redirect_uri')
  if (redirectUri === null || redirectUri !== party.addresses?.redirectUri)
    return errorPage('The redirect_uri is missing or not registered.')
  const state = query.get('state')
  if (query.get('response_type') !== 'code')
    return redirect(errorRedirect({ redirectUri, state }, 'unsupported_response_type'))
  const scope = query.get('scope') ?? ''
  if (scope !== '' && !/^FB=\d/.test(scope)) return redirect(errorRedirect({ redirectUri, state }, 'invalid_scope'))
  const known = incoming.cookie('sce_customer')
  const login = known && householdOf(utility, known) ? known : null
  const flow = flows.open({
    party: party.name,
    redirectUri,
    state,
    scope,
    challenge: null,
    login,
    minEnd: null,
    preferredEnd: null,
  })
  return login ? termsPage(flow) : signInPage(flow, null)
}

const signInPage = (flow: Flow, error: string | null, login = ''): Answer =>
  page(look, {
    heading: 'Sign in to My Account',
    status: error === null ? 200 : 401,
    content: html`!${errorBox(error)}
      <form method="post" action="${base}/sign-in">
        !${hidden('flow', flow.id)}!${signInFields(login)}!${buttons({ value: 'sign-in', text: 'Sign in' })}
      </form>`,
  })

function signIn(utility: Utility, flow: Flow, incoming: Incoming): Answer {
  const login = incoming.form.get('login') ?? ''
  const household = householdOf(utility, login)
  if (!household || incoming.form.get('password') !== household.password)
    return signInPage(flow, 'The user name or password is not right.', login)
  flow.login = login
  return { status: 303, headers: { location: `${base}/terms?flow=${flow.id}` } }
}

const termsPage = (flow: Flow): Answer =>
  page(look, {
    heading: 'Authorize a third party',
    content: html`<p>
        By continuing you allow the third party to receive the data you choose on the next page. You can end it at any
        time under Third Party Authorizations.
      </p>
      <form method="post" action="${base}/terms">
        !${hidden('flow', flow.id)}!${buttons({ value: 'continue', text: 'Continue' })}
      </form>`,
  })

function accountsPage(utility: Utility, flow: Flow, error: string | null): Answer {
  const household = householdOf(utility, flow.login ?? '')
  const agreements = household ? agreementsOf(household) : []
  const label = (a: Agreement): string =>
    `Service account ${a.name}, customer account ${a.account}, ${a.street.number} ${a.street.name}, ${a.town}`
  const accounts = agreements.map(
    (a) => html`<label><input type="checkbox" name="account" value="${a.id}" checked /> ${label(a)}</label>`,
  )
  const types = Object.entries(dataTypes).map(
    ([name, text]) =>
      html`<label><input type="checkbox" name="data" value="${name}" checked /> ${text}</label>
        <label
          >How often: ${text}
          <select name="frequency_${name}">
            <option value="daily" selected>Daily</option>
            <option value="monthly">Monthly</option>
          </select></label
        >`,
  )
  return page(look, {
    heading: 'Choose accounts and data',
    status: error === null ? 200 : 400,
    content: html`!${errorBox(error)}
      <p>Signed in as <strong>${household?.name ?? ''}</strong>.</p>
      <form method="post" action="${base}/submit">
        !${hidden('flow', flow.id)}
        <fieldset>
          <legend>Service accounts</legend>
          !${accounts.length === 0 ? '<p>There is no service account.</p>' : accounts}
        </fieldset>
        <fieldset>
          <legend>Data types</legend>
          !${types}
        </fieldset>
        <fieldset>
          <legend>Time span</legend>
          <label><input type="radio" name="end" value="none" checked /> No End Date</label>
          <label><input type="radio" name="end" value="date" /> Until the end of this day</label>
          <label>Last day <input type="date" name="end_date" /></label>
        </fieldset>
        !${buttons({ value: 'submit', text: 'Submit' })}
      </form>`,
  })
}

type Submission = { flow: Flow; incoming: Incoming; done: (authorization: Authorization) => void }

function submit(utility: Utility, flows: Flows, { flow, incoming, done }: Submission): Answer {
  const household = householdOf(utility, flow.login ?? '')
  if (!household) return signInPage(flow, 'Please sign in first.')
  const { form } = incoming
  const agreements = agreementsOf(household).filter((a) => form.getAll('account').includes(a.id))
  const data = Object.keys(dataTypes).filter((type) => form.getAll('data').includes(type))
  if (agreements.length === 0 && agreementsOf(household).length > 0)
    return accountsPage(utility, flow, 'Choose at least one service account.')
  if (data.length === 0) return accountsPage(utility, flow, 'Choose at least one data type.')
  let endsAt: number | null = null
  if (form.get('end') === 'date') {
    const day = dayFromIso(form.get('end_date') ?? '')
    if (day === null || midnight(day + 1) <= utility.now())
      return accountsPage(utility, flow, 'Give a last day that is not past.')
    endsAt = midnight(day + 1)
  }
  const authorization = createAuthorization(utility, {
    party: flow.party,
    login: household.login,
    agreements: agreements.map((a) => a.id),
    data,
    scope: scopeOf(data, agreements.length),
    endsAt,
    frequencies: Object.fromEntries(data.map((type) => [type, form.get(`frequency_${type}`) ?? 'daily'])),
  })
  const code = createCode(utility, { authorization: authorization.id, redirectUri: flow.redirectUri, test: false })
  flows.close(flow)
  done(authorization)
  return redirect(
    withParameters(flow.redirectUri, [
      ['code', code],
      ['state', flow.state === null ? null : encodeURIComponent(flow.state)],
    ]),
  )
}

/** SCE's real scope strings are not public: the blocks of the standard for what was chosen. */
export const scopeOf = (data: readonly string[], accounts: number): string => {
  const blocks = [
    1,
    3,
    ...(data.includes('usage') ? [4, 5] : []),
    13,
    14,
    ...(data.includes('billing') ? [15, 16, 26, 28] : []),
    18,
    19,
    31,
    32,
    35,
    37,
    38,
    39,
    ...(data.includes('customer') ? [51, 53, 56, 57, 58, 59, 60] : []),
  ]
  return `FB=${blocks.join('_')};IntervalDuration=900_3600;BlockDuration=Daily;HistoryLength=34128000;SubscriptionFrequency=Daily;AccountCollection=${accounts}`
}
