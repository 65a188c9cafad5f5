import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { XmlDocument, xmlRegisterInputProvider, XmlValidateError, XsdValidator } from 'libxml2-wasm'
import { fsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs'

/** Schemas that may not be shipped; they lie beside the checkout where they may be had. */
const FOLDER = path.resolve(import.meta.dirname, '../../../shared/espi/xsd')

export const SETS = {
  '4.0': 'espi-4.0_20231213',
  '3.3': 'espi-3.3_20200320',
  'harness 2019': 'gba-cmd-harness_espiDerived_2019',
  '2014': 'espi-1.1_espiDerived_2014',
  'PG&E 2018': 'pge-share-my-data_2018',
} as const
export type SchemaSet = keyof typeof SETS
export const ALL: readonly SchemaSet[] = ['4.0', '3.3', 'harness 2019', '2014', 'PG&E 2018']
/** 2014 has no customer schema. */
export const CUSTOMER_SETS = ALL.filter((set) => set !== '2014')

export const schemasPresent = existsSync(FOLDER)

const validators = new Map<SchemaSet, XsdValidator>()

/** What is wrong with a document under a schema set, a line each; nothing when it is valid. */
export function faults(set: SchemaSet, bytes: Uint8Array): string[] {
  const document = XmlDocument.fromBuffer(bytes)
  try {
    validatorOf(set).validate(document)
    return []
  } catch (error) {
    if (error instanceof XmlValidateError) return error.message.split('\n').filter((line) => line !== '')
    throw error
  } finally {
    document.dispose()
  }
}

/** The sets import one schema of the W3C by its address; its copy lies beside them. Nothing is fetched. */
function validatorOf(set: SchemaSet): XsdValidator {
  const known = validators.get(set)
  if (known !== undefined) return known
  if (validators.size === 0) {
    const local = (name: string): string => (name.startsWith('http') ? path.join(FOLDER, 'xml.xsd') : name)
    xmlRegisterInputProvider({
      ...fsInputProviders,
      match: (name) => fsInputProviders.match(local(name)),
      open: (name) => fsInputProviders.open(local(name)),
    })
  }
  const file = path.join(FOLDER, SETS[set], 'greenbutton-all.xsd')
  const schema = XmlDocument.fromBuffer(readFileSync(file), { url: file })
  const validator = XsdValidator.fromDoc(schema)
  schema.dispose()
  validators.set(set, validator)
  return validator
}
