/** A refusal of a resource. What is another's and what is not there look alike. */
export class ResourceError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405

  constructor(status: 400 | 401 | 403 | 404 | 405, message: string) {
    super(message)
    this.name = 'ResourceError'
    this.status = status
  }
}

export const unauthorized = (): ResourceError => new ResourceError(401, 'A valid access token is required.')
export const forbidden = (): ResourceError => new ResourceError(403, 'This token does not open this resource.')
export const notThere = (): ResourceError => new ResourceError(404, 'There is no such resource.')
