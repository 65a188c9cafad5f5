import { openApi, type Operation } from '../../../src/api/open-api.ts'
import { endpoints } from '../../../src/api/register-api.ts'
import { nativeEndpoints } from '../../../src/api/register-native-api.ts'
import { PUBLIC_URL } from '../../api-fixture.ts'

/** An operation as the OpenAPI file tells it. */
export type Case = { method: 'GET' | 'POST' | 'PATCH' | 'DELETE'; path: string; operation: Operation }

/** Both versions with every operation; what ends something goes last. */
export const VERSIONS: { prefix: string; isNative: boolean; cases: Case[] }[] = [
  { prefix: '/api/v2', all: endpoints, isNative: false },
  { prefix: '/api/v3', all: nativeEndpoints, isNative: true },
].map(({ prefix, all, isNative }) => {
  const { paths } = openApi({ publicUrl: PUBLIC_URL, prefix, endpoints: all, isNative })
  const cases = all.map(({ method, path }) => {
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    if (!operation) throw new Error(`${method} ${path} is not in the document`)
    return { method, path, operation }
  })
  return { prefix, isNative, cases: cases.toSorted((a, b) => endOf(a) - endOf(b)) }
})

function endOf({ method, path }: Case): number {
  if (method === 'DELETE') return 2
  return path.endsWith('/revoke') ? 1 : 0
}
