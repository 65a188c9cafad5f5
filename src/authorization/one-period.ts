/** A sentence that ends with a name such as `Sunrise, Inc.` has one period, not two. */
export function onePeriod(
  text: string,
  names: { companyName: string; utilityName: string | null; operatorName: string },
): string {
  return [names.companyName, names.utilityName ?? '', names.operatorName]
    .filter((name) => name.endsWith('.'))
    .reduce((clean, name) => clean.replaceAll(`${name}.`, name), text)
}
