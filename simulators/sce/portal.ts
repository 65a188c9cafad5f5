import { html } from 'ghtml'
import { buttons, errorBox, page, signInFields } from '../kit/html.ts'
import { type Answer, type Incoming, redirect } from '../kit/server.ts'
import { householdOf, type Utility } from '../kit/utility.ts'
import { agreementsOf } from '../world/household.ts'
import { dataTypes, errorPage, look, scopeOf } from './pages.ts'

/** My Account, Data Sharing: sends the customer to the third party's scope-selection address. */
export const answerPortal = (utility: Utility, incoming: Incoming): Answer | null => {
  const { method, path, form } = incoming
  if (path !== '/portal') return null
  if (method !== 'POST' || form.get('action') === 'cancel') return portalPage(utility, null)
  const household = householdOf(utility, form.get('login') ?? '')
  if (!household || form.get('password') !== household.password)
    return portalPage(utility, 'The user name or password is not right.')
  const party = utility.parties.find((p) => p.name === form.get('third_party')) ?? utility.parties[0]
  const target = party?.addresses?.portalUri
  if (!party || !target) return errorPage('The third party has registered no portal address.')
  const one = `scope=${encodeURIComponent(scopeOf(Object.keys(dataTypes), agreementsOf(household).length))}`
  const { portalScopes, dataCustodianId } = utility.settings
  const scopes = Array.from({ length: portalScopes }, () => one).join('&')
  const answer = redirect(`${target}${target.includes('?') ? '&' : '?'}${scopes}&DataCustodianID=${dataCustodianId}`)
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'set-cookie': `sce_customer=${household.login}; Path=/DataCustodian/oauth; HttpOnly; SameSite=Lax; Max-Age=600`,
    },
  }
}

const portalPage = (utility: Utility, error: string | null): Answer =>
  page(look, {
    heading: 'Data sharing',
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
        !${buttons({ value: 'choose', text: 'Authorize this third party' })}
      </form>`,
  })
