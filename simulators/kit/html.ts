import { html } from 'ghtml'
import type { Answer } from './server.ts'

const style = `
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#f4f5f7}
.name{color:#fff;padding:.75rem 1rem;font-weight:700;font-size:1.15rem}
.banner{margin:0;background:#fff3c4;color:#533f03;padding:.5rem 1rem;border-bottom:2px solid #c99700;font-weight:600}
main{max-width:40rem;margin:1rem auto;padding:1rem;background:#fff;border:1px solid #d5d9e0;border-radius:.5rem}
h1{font-size:1.4rem;margin:.2rem 0 1rem}
fieldset{border:1px solid #c5cad3;border-radius:.4rem;margin:0 0 1rem;padding:.5rem 1rem}
legend{font-weight:700;padding:0 .3rem}
label{display:block;padding:.25rem 0}
input[type=text],input[type=password],input[type=date],input[type=email],select{display:block;width:100%;padding:.5rem;font:inherit;border:1px solid #6b7280;border-radius:.3rem;background:#fff;color:inherit}
label select{display:inline-block;width:auto;margin-left:.5rem;padding:.2rem}
button{font:inherit;font-weight:600;padding:.6rem 1.1rem;border-radius:.3rem;border:1px solid #1b1b1b;background:#fff;color:#1b1b1b;cursor:pointer;margin:0 .5rem .5rem 0}
button.primary{color:#fff}
.error{border-left:.3rem solid #b3261e;background:#fdecea;padding:.5rem .8rem;margin:0 0 1rem}
small{color:#4b5563}
a{color:#0b4f9e}
`

export type Look = { title: string; color: string }

/** One plain page: the utility's name, the banner that says what this is, and a main part. `content` is trusted HTML. */
export const page = (
  look: Look,
  options: { heading: string; content: string; status?: number; headers?: Record<string, string> },
): Answer => ({
  status: options.status ?? 200,
  type: 'text/html; charset=utf-8',
  headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', ...options.headers },
  body: html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${options.heading} - ${look.title} (simulated)</title>
        <style>
          !${style} header,
          button.primary {
            background: ${look.color};
            border-color: ${look.color};
          }
        </style>
      </head>
      <body>
        <header>
          <div class="name">${look.title}</div>
          <p class="banner">Simulated utility: nothing here is real</p>
        </header>
        <main>
          <h1>${options.heading}</h1>
          !${options.content}
        </main>
      </body>
    </html> `,
})

export const errorBox = (message: string | null): string =>
  message === null ? '' : html`<p class="error" role="alert">${message}</p>`

export const hidden = (name: string, value: string): string =>
  html`<input type="hidden" name="${name}" value="${value}" />`

/** Log-in name and password; `hints` names customers of the simulated world. */
export const signInFields = (login: string): string =>
  html` <label>User name <input type="text" name="login" value="${login}" autocomplete="username" required /></label>
    <label>Password <input type="password" name="password" autocomplete="current-password" required /></label>
    <p>
      <small
        >Simulated customers: see the list that the simulators print; their password is "demo" (DEMO: "test").</small
      >
    </p>`

export const buttons = (primary: { value: string; text: string }): string =>
  html` <p>
    <button class="primary" type="submit" name="action" value="${primary.value}">${primary.text}</button>
    <button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
  </p>`
