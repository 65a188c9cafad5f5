/** A test submission that comes to nothing: who asked for it has to change a parameter, or start the simulation. */
export class TestRefused extends Error {
  readonly code = 'test_refused'
  readonly field: 'uid' | 'utility' | 'scenario'

  constructor(field: 'uid' | 'utility' | 'scenario', message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'TestRefused'
    this.field = field
  }
}
