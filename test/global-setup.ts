export const setup = (): void => undefined
