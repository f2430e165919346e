import { AccessDeniedException, type Denial } from '../../access/denial.js';
import type { FastauthErrorCode } from '../../errors.js';

/** As Apollo names them; it has no names for the last two. */
const CODES: Readonly<Record<Denial['status'], string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** What `extensions` of a refusal say, of the error that GraphQL answers. */
export interface GraphqlDenialExtensions {
  /** By which clients of GraphQL tell refusals from other errors. */
  readonly code: string;
  readonly fastauth: {
    /** Stable machine code. */
    readonly code: FastauthErrorCode;
    /** What the access token has to have, names parted by spaces. */
    readonly scope?: string;
    /** Of the session, in seconds. */
    readonly maxAge?: number;
    /** Seconds. */
    readonly retryAfter?: number;
    /** What to do, where a mistake is likely. */
    readonly hint?: string;
    /** What the event of this refusal has as its correlation id. */
    readonly requestId?: string;
  };
}

/** A refusal as GraphQL answers it: its executors copy `extensions` from what a resolver throws. */
export class GraphqlDenialException extends AccessDeniedException {
  readonly extensions: GraphqlDenialExtensions;

  /** @param requestId undefined where there is no request */
  constructor(denial: Denial, requestId: string | undefined) {
    super(denial);
    const { status, code, scopes = [], maxAge, retryAfter, hint } = denial;
    this.extensions = {
      code: CODES[status],
      fastauth: {
        code,
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
        ...(maxAge === undefined ? {} : { maxAge }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
        ...(hint === undefined ? {} : { hint }),
        ...(requestId === undefined ? {} : { requestId }),
      },
    };
  }
}
