import { html } from 'ghtml'

import type { OpenApi, Operation } from '../open-api.ts'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h2 { margin-top: 2.5rem; font-size: 1.1rem } code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { background: #f4f4f4; padding: 0.75rem; overflow-x: auto } td { padding: 0.1rem 1rem 0.1rem 0; vertical-align: top }
nav ul { columns: 20rem; padding-left: 1rem } a { color: #0b57d0 }`

/** The reference as one page that needs nothing else: no script, no font, no other server. */
export function renderReference({ info, servers, paths, components }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info['title'] ?? ''}, API ${info['version'] ?? ''}</title>
        <style>
          !${STYLE}
        </style>
      </head>
      <body>
        <h1>${info['title'] ?? ''}, API ${info['version'] ?? ''}</h1>
        <p>${info['description'] ?? ''}</p>
        <p>
          <code>${servers[0]?.url ?? ''}</code> · <a href="openapi.json">openapi.json</a> ·
          <a href="/docs/api">quickstart</a>
        </p>
        <nav>
          <ul>
            !${operations.map(({ name, operation: { operationId } }) => html`<li><a href="#${operationId}">${name}</a></li>`)}
          </ul>
        </nav>
        !${operations.map(renderOperation)}
        <h1>Objects</h1>
        !${Object.entries(components.schemas).map(
          ([name, schema]) =>
            html`<h2 id="${name}">${name}</h2>
              !${renderSchema(schema)}`,
        )}
      </body>
    </html>`
}

function renderOperation({ name, operation }: { name: string; operation: Operation }): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation
  const content = responses['200']?.content ?? {}
  const [answer] = Object.values(content)
  const body = requestBody?.content['application/json']?.schema
  return html`<section>
    <h2 id="${operationId}"><code>${name}</code></h2>
    <p>${summary}. ${description}</p>
    <table>
      !${parameters.map(
        (parameter) =>
          html`<tr>
            <td><code>${parameter.name}</code></td>
            <td>${parameter.in}${parameter.required ? ', required' : ''}</td>
            <td>${parameter.description ?? ''}</td>
          </tr>`,
      )}
    </table>
    !${
      body
        ? html`<p>Body</p>
            !${renderSchema(body)}`
        : ''
    }
    <p>Answer, ${Object.keys(content).join(' or ')}</p>
    !${answer ? renderSchema(answer.schema) : ''}
  </section>`
}

/** A schema as it stands in the document, with names linked. */
function renderSchema(schema: object): string {
  const text = html`${JSON.stringify(schema, null, 2)}`
  const linked = text.replaceAll(/#\/components\/schemas\/(\w+)/g, '<a href="#$1">$1</a>')
  return html`<pre><code>!${linked}</code></pre>`
}
