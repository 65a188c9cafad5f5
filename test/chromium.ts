import { existsSync } from 'node:fs'

import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where the system's Chromium is; null when there is none. `CHROMIUM` names another place. */
export const chromiumPath: string | null = PLACES.find((place) => place !== '' && existsSync(place)) ?? null

export const howToGetChromium = [
  'NO BROWSER TEST RAN: there is no Chromium on this machine.',
  'Get it with "apt-get update && apt-get install -y chromium fonts-dejavu" (Debian, Ubuntu), or set CHROMIUM to a',
  'Chrome or Chromium that is there. With CI set, its absence is a failure.',
].join('\n')

/** Starts the system's Chromium, headless, quiet on the network. The caller closes it. Throws when there is none. */
export async function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error(howToGetChromium)
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Takes the place of browser tests where none can run: says so loudly, and fails where that must not be. */
export function reportNoChromium(): void {
  console.error(`\n${'='.repeat(100)}\n${howToGetChromium}\n${'='.repeat(100)}\n`)
  if (process.env['CI']) throw new Error(howToGetChromium)
}
