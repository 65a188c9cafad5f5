import type { CustomerPath } from '../authorization/customer-path.ts'
import type { UtilityFacts } from './availability-page.ts'
import type { HomeView } from './home-page.ts'

/** Everything the pages need from outside. */
export type PagesDeps = {
  path: CustomerPath
  config: {
    /** Origin under which browsers reach us, such as https://share.example.com. */
    publicUrl: string
    operatorName: string
    operatorEmail: string
    /** Cookies with Secure and the __Host- prefix: true wherever publicUrl is https. */
    secureCookies: boolean
  }
  home: () => Promise<HomeView>
  /** A utility's notification: true when the key is one of ours. Stored before it resolves. */
  notify: (key: string, body: Buffer) => Promise<'stored' | 'unknown' | 'busy'>
  /** The utilities set up here, for the availability page and for names; default: all that this program knows. */
  utilities?: readonly UtilityFacts[]
}
