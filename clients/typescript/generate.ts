import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import openapiTS, { astToString, COMMENT_HEADER, type OpenAPI3 } from 'openapi-typescript'

import { openApi } from '../../src/api/open-api.ts'
import { endpoints } from '../../src/api/register-api.ts'
import { nativeEndpoints } from '../../src/api/register-native-api.ts'

const VERSIONS = {
  v2: { prefix: '/api/v2', endpoints, isNative: false },
  v3: { prefix: '/api/v3', endpoints: nativeEndpoints, isNative: true },
}

/** Where the types of a version are, committed. */
export function fileOf(version: keyof typeof VERSIONS): string {
  return path.join(import.meta.dirname, `api-${version}.ts`)
}

/** The types of a version of the API, from its OpenAPI document, as TypeScript before formatting. */
export async function generateTypes(version: keyof typeof VERSIONS): Promise<string> {
  const document = openApi({ publicUrl: 'https://proxy.example', ...VERSIONS[version] })
  const plain: OpenAPI3 = JSON.parse(JSON.stringify(document))
  return `${COMMENT_HEADER}\n${astToString(await openapiTS(plain, { alphabetize: true }))}`
}

/** Formats as the rest of the repository is. */
export async function writeFormatted(file: string, text: string): Promise<string> {
  await writeFile(file, text)
  const { status, stderr } = spawnSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`oxfmt: ${stderr}`)
  return await readFile(file, 'utf8')
}

if (import.meta.main) {
  for (const version of ['v2', 'v3'] as const) await writeFormatted(fileOf(version), await generateTypes(version))
}
