import { html } from 'ghtml'
import { activeOf, createAuthorization, createCode, endAuthorization, isOf } from '../kit/authorizations.ts'
import { errorRedirect, type Flow, type Flows, withParameters } from '../kit/flows.ts'
import { buttons, errorBox, hidden, type Look, page, signInFields } from '../kit/html.ts'
import { type Answer, type Incoming, redirect } from '../kit/server.ts'
import type { Party } from '../kit/parties.ts'
import { householdOf, partyNamed, partyOfClient, type Utility } from '../kit/utility.ts'
import { findGuest } from '../world/customers.ts'
import { type Agreement, agreementsOf } from '../world/household.ts'
import { dayFromIso, dayOf, isoDate, midnight } from '../world/local-days.ts'
import { dataGroups, scopeOf } from './scope.ts'

const look: Look = { title: 'Pacific Gas & Electric - Share My Data', color: '#1f5e8c' }

const dataNotes: Record<(typeof dataGroups)[number], string> = {
  Usage: 'Energy usage, by the interval',
  Billing: 'Bills and what is in them',
  Basic: 'Name, address and service agreement',
  Account: 'Account number and meter',
  ProgramEnrollment: 'Programs and tariff riders',
}

export const errorPage = (message: string): Answer =>
  page(look, { heading: 'We cannot continue', status: 400, content: errorBox(message) })

/** The customer's way through PG&E's pages; null when the path is none of them. Rules: README.md beside this folder. */
export const answerPage = (utility: Utility, flows: Flows, incoming: Incoming): Answer | null => {
  const path = incoming.path.replace(/\/$/, '')
  const { method } = incoming
  if (method === 'GET' && path === '/myAuthorization') return authorize(utility, flows, incoming)
  if (!path.startsWith('/myAuthorization/')) return null
  const flow = flows.find(incoming.form.get('flow') ?? incoming.query.get('flow'))
  if (!flow)
    return page(look, {
      heading: 'Please start again',
      status: 400,
      content: errorBox('This page has expired. Go back to the site that sent you here and start again.'),
    })
  if (method === 'POST' && incoming.form.get('action') === 'cancel') {
    flows.close(flow)
    return redirect(errorRedirect(flow, 'access_denied'))
  }
  if (method === 'POST' && path === '/myAuthorization/sign-in') return signIn(utility, flow, incoming)
  if (method === 'POST' && path === '/myAuthorization/guest') return guest(utility, flow, incoming)
  if (method === 'GET' && path === '/myAuthorization/share')
    return flow.login ? sharePage(utility, flow, null) : signInPage(flow, null)
  if (method === 'POST' && path === '/myAuthorization/submit') return submit(utility, flows, { flow, incoming })
  return null
}

/** Rules of the authorize request: a wrong client or redirect address never redirects. */
function authorize(utility: Utility, flows: Flows, incoming: Incoming): Answer {
  const { query } = incoming
  const party = partyOfClient(utility, query.get('client_id'))
  if (!party) return errorPage('The client_id is missing or not known.')
  const redirectUri = query.get('redirect_uri')
  if (redirectUri === null || redirectUri !== party.addresses?.redirectUri)
    return errorPage('The redirect_uri is missing or not registered.')
  const state = query.get('state')
  if (query.get('response_type') !== 'code') return redirect(errorRedirect({ redirectUri, state }, 'invalid_request'))
  const dates = datesOf(query.get('scope'))
  if (!dates) return redirect(errorRedirect({ redirectUri, state }, 'invalid_request'))
  const known = incoming.cookie('pge_customer')
  const login = known && householdOf(utility, known) ? known : null
  const flow = flows.open({ party: party.name, redirectUri, state, scope: '', challenge: null, login, ...dates })
  if (login) return sharePage(utility, flow, null)
  return query.get('login') === 'guest' ? guestPage(flow, null) : signInPage(flow, null)
}

/** `MinAuthEndDate=…;PreferredAuthEndDate=…` in epoch seconds; null when malformed. */
function datesOf(scope: string | null): { minEnd: number | null; preferredEnd: number | null } | null {
  const dates = { minEnd: null as number | null, preferredEnd: null as number | null }
  for (const part of (scope ?? '').split(';').filter((text) => text !== '')) {
    const match = /^(MinAuthEndDate|PreferredAuthEndDate)=(\d{1,12})$/.exec(part)
    if (match) dates[match[1] === 'MinAuthEndDate' ? 'minEnd' : 'preferredEnd'] = Number(match[2])
    else if (/AuthEndDate/.test(part)) return null
  }
  return dates
}

function signInPage(flow: Flow, error: string | null, login = ''): Answer {
  return page(look, {
    heading: 'Sign in to share your data',
    status: error === null ? 200 : 401,
    content: html`!${errorBox(error)}
      <form method="post" action="/myAuthorization/sign-in">
        !${hidden('flow', flow.id)}!${signInFields(login)}!${buttons({ value: 'sign-in', text: 'Sign in' })}
      </form>
      <h2>No online account?</h2>
      <p>Go on as a guest with the account number and the phone number on your bill.</p>
      !${guestForm(flow)}`,
  })
}

const guestPage = (flow: Flow, error: string | null): Answer =>
  page(look, {
    heading: 'Share your data as a guest',
    status: error === null ? 200 : 401,
    content: html`!${errorBox(error)}!${guestForm(flow)}`,
  })

const guestForm = (flow: Flow): string =>
  html` <form method="post" action="/myAuthorization/guest">
    !${hidden('flow', flow.id)}
    <label>Account number (11 digits) <input type="text" name="account_number" inputmode="numeric" required /></label>
    <label>Phone number <input type="text" name="phone" inputmode="tel" required /></label>
    <label>Email <input type="email" name="email" /></label>
    !${buttons({ value: 'guest', text: 'Continue as guest' })}
  </form>`

function signIn(utility: Utility, flow: Flow, incoming: Incoming): Answer {
  const login = incoming.form.get('login') ?? ''
  const household = householdOf(utility, login)
  if (!household || incoming.form.get('password') !== household.password)
    return signInPage(flow, 'The user name or password is not right.', login)
  flow.login = login
  return { status: 303, headers: { location: `/myAuthorization/share?flow=${flow.id}` } }
}

function guest(utility: Utility, flow: Flow, incoming: Incoming): Answer {
  const household = findGuest(
    utility.world,
    incoming.form.get('account_number') ?? '',
    incoming.form.get('phone') ?? '',
  )
  if (!household) return guestPage(flow, 'No account has this number and phone number.')
  flow.login = household.login
  return { status: 303, headers: { location: `/myAuthorization/share?flow=${flow.id}` } }
}

function sharePage(utility: Utility, flow: Flow, error: string | null): Answer {
  const household = householdOf(utility, flow.login ?? '')
  if (!household) return signInPage(flow, null)
  const agreements = agreementsOf(household)
  const preferred = flow.preferredEnd === null ? '' : isoDate(dayOf(flow.preferredEnd))
  const label = (a: Agreement): string =>
    `${a.commodity === 'gas' ? 'Gas' : 'Electricity'}, agreement ${a.name}, account ${a.account}, ${a.street.number} ${a.street.name}, ${a.town}${a.endDay === null ? '' : ' (closed)'}`
  const boxes = (name: string, items: readonly { value: string; text: string }[]): string =>
    items
      .map(
        (item) =>
          html`<label><input type="checkbox" name="${name}" value="${item.value}" checked /> ${item.text}</label>`,
      )
      .join('')
  return page(look, {
    heading: 'Choose what to share',
    status: error === null ? 200 : 400,
    content: html`!${errorBox(error)}
      <p>Signed in as <strong>${household.name}</strong>.</p>
      <form method="post" action="/myAuthorization/submit">
        !${hidden('flow', flow.id)}
        <fieldset>
          <legend>Service agreements</legend>
          !${
            agreements.length === 0
              ? '<p>There is no service agreement on this account.</p>'
              : boxes(
                  'agreement',
                  agreements.map((a) => ({ value: a.id, text: label(a) })),
                )
          }
        </fieldset>
        <fieldset>
          <legend>Data to share</legend>
          !${boxes(
            'data',
            dataGroups.map((g) => ({ value: g, text: `${g}: ${dataNotes[g]}` })),
          )}
        </fieldset>
        <fieldset>
          <legend>How long</legend>
          <label
            ><input type="radio" name="end" value="indefinite" !${preferred === '' ? 'checked' : ''} /> Until I
            cancel</label
          >
          <label
            ><input type="radio" name="end" value="date" !${preferred === '' ? '' : 'checked'} /> Until the end of this
            day</label
          >
          <label>Last day <input type="date" name="end_date" value="${preferred}" /></label>
        </fieldset>
        <label
          ><input type="checkbox" name="agree" value="yes" required /> I agree to the terms and authorize the release of
          these data</label
        >
        !${buttons({ value: 'submit', text: 'Submit' })}
      </form>`,
  })
}

function submit(utility: Utility, flows: Flows, { flow, incoming }: { flow: Flow; incoming: Incoming }): Answer {
  const household = householdOf(utility, flow.login ?? '')
  if (!household) return signInPage(flow, 'Please sign in first.')
  const { form } = incoming
  const agreements = agreementsOf(household).filter((a) => form.getAll('agreement').includes(a.id))
  const data = dataGroups.filter((group) => form.getAll('data').includes(group))
  if (agreements.length === 0 && agreementsOf(household).length > 0)
    return sharePage(utility, flow, 'Choose at least one service agreement.')
  if (data.length === 0) return sharePage(utility, flow, 'Choose at least one kind of data.')
  if (form.get('agree') !== 'yes') return sharePage(utility, flow, 'Agree to the terms to go on.')
  const end = endOf(utility, flow, form)
  if (typeof end === 'string') return sharePage(utility, flow, end)
  const party = partyNamed(utility, flow.party)
  endEarlier(utility, household.login, party)
  const scope = scopeOf(data, agreements, party)
  const authorization = createAuthorization(utility, {
    login: household.login,
    agreements: agreements.map((a) => a.id),
    data,
    scope,
    endsAt: end.at,
    party: party.name,
    historySeconds: party.historySeconds,
  })
  const code = createCode(utility, { authorization: authorization.id, redirectUri: flow.redirectUri, test: false })
  flows.close(flow)
  return redirect(
    withParameters(flow.redirectUri, [
      ['code', code],
      ['scope', utility.settings.redirectScope === 'raw' ? scope : encodeURIComponent(scope)],
      ['state', flow.state === null ? null : encodeURIComponent(flow.state)],
    ]),
  )
}

/** A new grant cancels what the same third party had before. */
function endEarlier(utility: Utility, login: string, party: Party): void {
  for (const earlier of activeOf(utility, login).filter((a) => isOf(a, party))) {
    endAuthorization(utility, earlier)
    if (utility.settings.announceReplaced) utility.onEnded(earlier)
  }
}

/** The chosen end as the midnight after the last day, or what is wrong with it. */
function endOf(utility: Utility, flow: Flow, form: URLSearchParams): { at: number | null } | string {
  if (form.get('end') !== 'date') return { at: null }
  const day = dayFromIso(form.get('end_date') ?? '')
  if (day === null) return 'Give the last day as a date.'
  const at = midnight(day + 1)
  if (at <= utility.now()) return 'The last day lies in the past.'
  if (flow.minEnd !== null && at < flow.minEnd)
    return `The third party needs your data until ${isoDate(dayOf(flow.minEnd))} at least.`
  return { at }
}

export { look }
