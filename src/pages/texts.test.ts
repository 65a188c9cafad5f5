import { describe, expect, it } from 'vitest'

import { dateInWords } from './dates.ts'
import { formPath, formUrl, readFormAddress } from './form-address.ts'
import { negotiateLanguage } from './language.ts'
import { html, Markup } from './markup.ts'
import { messages } from './messages.ts'
import { named, shownText } from './shown-text.ts'

/** Every text of a language, with its path; texts that are functions get placeholders. */
function textsOf(value: unknown, at = ''): [string, string][] {
  if (typeof value === 'string') return [[at, value]]
  if (typeof value === 'function') return textsOf(Reflect.apply(value, null, ['«1»', '«2»']), at)
  if (value instanceof Markup) return [[at, value.text]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${at}.${key}`))
}

describe('messages', () => {
  const english = new Map(textsOf(messages.en))
  const spanish = new Map(textsOf(messages.es))

  it('say something in both languages, with the same values in each', () => {
    expect([...spanish.keys()]).toEqual([...english.keys()])
    expect(english.size).toBeGreaterThan(200)
    const values = (text: string): string[] => [...new Set(text.match(/«\d»/g))].toSorted()
    const wrong = [...english].filter(([path, text]) => {
      const other = spanish.get(path) ?? ''
      return text.trim() === '' || other.trim() === '' || values(text).join() !== values(other).join()
    })
    expect(wrong).toEqual([])
  })

  it('are translated, not copied', () => {
    const same = [...english].filter(([path, text]) => spanish.get(path) === text).map(([path]) => path)
    expect(same).toEqual(['.form.errorTitle', '.availability.no'])
  })

  it('address the customer in Spanish as usted', () => {
    const informal = /\b(?:tú|tus?|ti|contigo|haz|tienes|puedes|quieres|compartes)\b/iu
    expect([...spanish].filter(([, text]) => informal.test(text))).toEqual([])
  })
})

describe('text from outside', () => {
  it('is escaped wherever it stands, and markup only once', () => {
    const inner = html`<b title="${'"><script>'}">${"<img src=x onerror='1'>"}</b>`
    expect(html`<p>${inner}${[1, null, '&']}</p>`.text).toBe(
      '<p><b title="&#34;&#62;&#60;script&#62;">&#60;img src&#61;x onerror&#61;&#39;1&#39;&#62;</b>1&#38;</p>',
    )
  })

  it('loses what reorders, hides or overlaps, and keeps scripts of the world and emoji', () => {
    expect(shownText('Acme\u202ecnI\u2066 \u200b\u0000\u{e0041}Co\u00adrp')).toBe('AcmecnI Corp')
    expect(shownText('a\n\tb')).toBe('a b')
    expect(shownText(`Z${'\u0351'.repeat(40)}!`)).toBe(`Z${'\u0351'.repeat(3)}!`)
    expect(shownText('شركة 日本 👩‍👩‍👧‍👦 Ñandú')).toBe('شركة 日本 👩‍👩‍👧‍👦 Ñandú')
    expect(Array.from(shownText('💡'.repeat(5000)))).toHaveLength(301)
    expect(named('<x>').text).toBe('<bdi>&#60;x&#62;</bdi>')
  })
})

it('dates are words in the language of the customer', () => {
  expect(dateInWords('2027-03-04', 'en')).toBe('March 4, 2027')
  expect(dateInWords('2027-03-04', 'es')).toBe('4 de marzo de 2027')
  expect(dateInWords('2026-11-02T09:00:00Z', 'en')).toBe('November 2, 2026 at 9:00 AM UTC')
  expect(dateInWords('until_revoked', 'en')).toBe('until_revoked')
})

it('the language is the best that the browser asks for and we speak', () => {
  expect(negotiateLanguage('es-MX,es;q=0.9,en;q=0.8')).toBe('es')
  expect(negotiateLanguage('en;q=0.5, es')).toBe('es')
  expect(negotiateLanguage('fr, de;q=0.9, es;q=0.1')).toBe('es')
  expect(negotiateLanguage('es;q=0, fr')).toBe('en')
  expect(negotiateLanguage(undefined)).toBe('en')
  expect(negotiateLanguage(';;;,q=,=')).toBe('en')
})

describe('the address of a form', () => {
  const place = { alias: 'bright roof', utilitySlug: null }

  it('is read and written without loss', () => {
    const query = new URLSearchParams(
      'f=K+1&email=a%2Bb%40c.example&utility=PG%26E&redirect_uri=https%3A%2F%2Fx.example%2F%3Fa%3D1&state=s%26t&noredirect=1',
    )
    const asked = readFormAddress(place, query, 'es')
    expect(asked?.address).toEqual({
      ...place,
      key: 'K 1',
      email: 'a+b@c.example',
      redirectUri: 'https://x.example/?a=1',
      state: 's&t',
      noRedirect: true,
      language: 'es',
    })
    expect(asked?.suggestedUtility).toBe('PG&E')
    if (asked === null) return
    const url = new URL(formUrl(asked), 'http://x')
    expect(readFormAddress(place, url.searchParams, 'es')).toEqual(asked)
    expect(url.pathname).toBe('/authorize/bright%20roof')
  })

  it('is refused when a name is given twice or a value is endless', () => {
    expect(readFormAddress(place, new URLSearchParams('redirect_uri=a&redirect_uri=b'), 'en')).toBeNull()
    expect(readFormAddress(place, new URLSearchParams({ state: 'x'.repeat(3000) }), 'en')).toBeNull()
  })

  it('cannot leave its folder', () => {
    expect(formPath('../x', '//evil.example')).toBe('/..%2Fx/gb-oauth/%2F%2Fevil.example')
  })
})
