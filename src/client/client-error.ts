/** A server that issues tokens could not be used. The tokens that were kept are kept still: try again later. */
export class FastauthClientError extends Error {
  override readonly name = 'FastauthClientError';

  constructor(
    message: string,
    /** Of the last answer; undefined where there was none to speak of. */
    readonly status?: number,
    /** The machine code or the OAuth error of that answer. */
    readonly code?: string,
  ) {
    super(message);
  }
}
