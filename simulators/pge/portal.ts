import { html } from 'ghtml'
import { buttons, errorBox, page, signInFields } from '../kit/html.ts'
import { type Answer, type Incoming, redirect } from '../kit/server.ts'
import { householdOf, type Utility } from '../kit/utility.ts'
import { agreementsOf } from '../world/household.ts'
import { errorPage, look } from './pages.ts'
import { dataGroups, scopeOf } from './scope.ts'

/**
 * Your Account at PG&E: the customer signs in and picks a third party, and is sent to its portal address with the query
 * string that PG&E was seen to send, `=` and `;` as they are. The sign-in holds for the authorize request that follows.
 */
export const answerPortal = (utility: Utility, incoming: Incoming): Answer | null => {
  const { method, path, form } = incoming
  if (method === 'GET' && path === '/portal') return portalPage(utility, null)
  if (method !== 'POST' || path !== '/portal') return null
  const household = householdOf(utility, form.get('login') ?? '')
  if (form.get('action') === 'cancel') return portalPage(utility, null)
  if (!household || form.get('password') !== household.password)
    return portalPage(utility, 'The user name or password is not right.')
  const party = utility.parties.find((p) => p.name === form.get('third_party')) ?? utility.parties[0]
  const target = party?.addresses?.portalUri
  if (!party || !target) return errorPage('The third party has registered no portal address.')
  const scope = scopeOf([...dataGroups], agreementsOf(household), party)
    .replace(/;AdditionalScope=[^;]*/, '')
    .replace(/;dataCustodianId=PGE$/, '')
  const answer = redirect(`${target}${target.includes('?') ? '&' : '?'}scope=${scope}&dataCustodianId=PGE;`)
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'set-cookie': `pge_customer=${household.login}; Path=/myAuthorization; HttpOnly; SameSite=Lax; Max-Age=600`,
    },
  }
}

const portalPage = (utility: Utility, error: string | null): Answer =>
  page(look, {
    heading: 'Share your data with a third party',
    status: error === null ? 200 : 401,
    content: html`!${errorBox(error)}
      <form method="post" action="/portal">
        !${signInFields('')}
        <fieldset>
          <legend>Third parties</legend>
          !${utility.parties.map(
            (p, n) =>
              html`<label
                ><input type="radio" name="third_party" value="${p.name}" !${n === 0 ? 'checked' : ''} /> The ${p.name}
                registered third party</label
              >`,
          )}
        </fieldset>
        !${buttons({ value: 'choose', text: 'Go to this third party' })}
      </form>`,
  })
