/** `value` times ten to the power of minus `places`, as the shortest exact decimal: "0", "1.5", "-0.25". */
export const decimal = (value: bigint | number, places: number): string => {
  const scaled = BigInt(value)
  const negative = scaled < 0n
  const digits = (negative ? -scaled : scaled).toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
