import { html } from 'ghtml'
import { createAuthorization, createCode } from '../kit/authorizations.ts'
import { errorRedirect, type Flow, type Flows, withParameters } from '../kit/flows.ts'
import { buttons, errorBox, hidden, type Look, page, signInFields } from '../kit/html.ts'
import { type Answer, type Incoming, redirect } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import { householdOf, partyOfClient, type Utility } from '../kit/utility.ts'
import { type Agreement, agreementsOf } from '../world/household.ts'
import { dayFromIso, midnight } from '../world/local-days.ts'

const look: Look = { title: 'Demo Energy', color: '#5b3a8c' }

const dataGroups = { Usage: 'Energy usage', Billing: 'Bills', Account: 'Name, address and account' } as const

/** Sign-in, then one page of choices; null when the path is none of them. */
export const answerPage = (
  utility: Utility,
  flows: Flows,
  incoming: Incoming,
  done: (authorization: Authorization) => void,
): Answer | null => {
  const { method, path, form, query } = incoming
  if (method === 'GET' && path === '/oauth/authorize') return authorize(utility, flows, incoming)
  if (method === 'GET' && path === '/portal') return toThirdParty(utility)
  if (!path.startsWith('/oauth/')) return null
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
  if (method === 'POST' && path === '/oauth/sign-in') return signIn(utility, flow, incoming)
  if (!flow.login) return signInPage(flow, null)
  if (method === 'GET' && path === '/oauth/share') return sharePage(utility, flow, null)
  if (method === 'POST' && path === '/oauth/submit') return submit(utility, flows, { flow, incoming, done })
  return null
}

const errorPage = (message: string): Answer =>
  page(look, { heading: 'We cannot continue', status: 400, content: errorBox(message) })

function toThirdParty(utility: Utility): Answer {
  const target = utility.parties[0]?.addresses?.portalUri
  return target ? redirect(target) : errorPage('The third party has registered no portal address.')
}

function authorize(utility: Utility, flows: Flows, { query }: Incoming): Answer {
  const party = partyOfClient(utility, query.get('client_id'))
  if (!party) return errorPage('The client_id is missing or not known.')
  const redirectUri = query.get('redirect_uri')
  if (redirectUri === null || redirectUri !== party.addresses?.redirectUri)
    return errorPage('The redirect_uri is missing or not registered.')
  const state = query.get('state')
  const challenge = query.get('code_challenge')
  if (query.get('response_type') !== 'code')
    return redirect(errorRedirect({ redirectUri, state }, 'unsupported_response_type'))
  if (challenge !== null && query.get('code_challenge_method') !== 'S256')
    return redirect(errorRedirect({ redirectUri, state }, 'invalid_request'))
  return signInPage(
    flows.open({
      party: party.name,
      redirectUri,
      state,
      scope: query.get('scope') ?? '',
      challenge,
      login: null,
      minEnd: null,
      preferredEnd: null,
    }),
    null,
  )
}

const signInPage = (flow: Flow, error: string | null, login = ''): Answer =>
  page(look, {
    heading: 'Sign in',
    status: error === null ? 200 : 401,
    content: html`!${errorBox(error)}
      <form method="post" action="/oauth/sign-in">
        !${hidden('flow', flow.id)}!${signInFields(login)}!${buttons({ value: 'sign-in', text: 'Sign in' })}
      </form>`,
  })

function signIn(utility: Utility, flow: Flow, incoming: Incoming): Answer {
  const login = (incoming.form.get('login') ?? '').replace(/^UAPI_TEST_/, '') // so test log-ins are typed elsewhere
  const household = householdOf(utility, login)
  if (!household || incoming.form.get('password') !== household.password)
    return signInPage(flow, 'The user name or password is not right.', login)
  flow.login = login
  return { status: 303, headers: { location: `/oauth/share?flow=${flow.id}` } }
}

function sharePage(utility: Utility, flow: Flow, error: string | null): Answer {
  const household = householdOf(utility, flow.login ?? '')
  const label = (a: Agreement): string =>
    `${a.commodity === 'gas' ? 'Gas' : 'Electricity'} meter ${a.meter}, ${a.street.number} ${a.street.name}`
  const meters = (household ? agreementsOf(household) : []).map(
    (a) => html`<label><input type="checkbox" name="agreement" value="${a.id}" checked /> ${label(a)}</label>`,
  )
  const groups = Object.entries(dataGroups).map(
    ([name, text]) => html`<label><input type="checkbox" name="data" value="${name}" checked /> ${text}</label>`,
  )
  return page(look, {
    heading: 'Choose what to share',
    status: error === null ? 200 : 400,
    content: html`!${errorBox(error)}
      <p>Signed in as <strong>${household?.name ?? ''}</strong>.</p>
      <form method="post" action="/oauth/submit">
        !${hidden('flow', flow.id)}
        <fieldset>
          <legend>Meters</legend>
          !${meters}
        </fieldset>
        <fieldset>
          <legend>Data</legend>
          !${groups}
        </fieldset>
        <fieldset>
          <legend>How long</legend>
          <label><input type="radio" name="end" value="indefinite" checked /> Until I cancel</label>
          <label><input type="radio" name="end" value="date" /> Until the end of this day</label
          ><label>Last day <input type="date" name="end_date" /></label>
        </fieldset>
        !${buttons({ value: 'submit', text: 'Authorize' })}
      </form>`,
  })
}

type Submission = { flow: Flow; incoming: Incoming; done: (authorization: Authorization) => void }

function submit(utility: Utility, flows: Flows, { flow, incoming, done }: Submission): Answer {
  const household = householdOf(utility, flow.login ?? '')
  if (!household) return signInPage(flow, 'Please sign in first.')
  const { form } = incoming
  const agreements = agreementsOf(household).filter((a) => form.getAll('agreement').includes(a.id))
  const data = Object.keys(dataGroups).filter((group) => form.getAll('data').includes(group))
  const isNothing = agreements.length === 0 && agreementsOf(household).length > 0
  if (isNothing || data.length === 0) return sharePage(utility, flow, 'Choose at least one meter and one kind of data.')
  let endsAt: number | null = null
  if (form.get('end') === 'date') {
    const day = dayFromIso(form.get('end_date') ?? '')
    if (day === null || midnight(day + 1) <= utility.now())
      return sharePage(utility, flow, 'Give a last day that is not past.')
    endsAt = midnight(day + 1)
  }
  const scope = scopeOf(data, agreements)
  const authorization = createAuthorization(utility, {
    party: flow.party,
    login: household.login,
    agreements: agreements.map((a) => a.id),
    data,
    scope,
    endsAt,
  })
  const challenge = flow.challenge === null ? {} : { challenge: flow.challenge }
  const code = createCode(utility, {
    authorization: authorization.id,
    redirectUri: flow.redirectUri,
    test: false,
    ...challenge,
  })
  flows.close(flow)
  done(authorization)
  return redirect(
    withParameters(flow.redirectUri, [
      ['code', code],
      ['state', flow.state === null ? null : encodeURIComponent(flow.state)],
    ]),
  )
}

const scopeOf = (data: readonly string[], agreements: readonly Agreement[]): string => {
  const usage = data.includes('Usage')
  const blocks = [
    1,
    3,
    ...(usage ? [4] : []),
    ...(usage && agreements.some((a) => a.commodity === 'electricity') ? [5] : []),
    ...(agreements.some((a) => a.solar) ? [8] : []),
    ...(agreements.some((a) => a.commodity === 'gas') ? [10] : []),
    13,
    ...(usage || data.includes('Billing') ? [15] : []),
    ...(data.includes('Billing') ? [16, 26] : []),
    31,
    32,
    37,
    39,
    ...(data.includes('Account') ? [51, 53, 54, 56, 57, 58, 60] : []),
  ]
  return `FB=${blocks.join('_')};IntervalDuration=900_3600;BlockDuration=daily;HistoryLength=34128000;SubscriptionFrequency=daily;AccountCollection=${agreements.length}`
}
