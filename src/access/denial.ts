import { HttpException } from '@nestjs/common';
import { CryptoKeyNotSetError, StoreUnavailableError, type FastauthErrorCode } from '../errors.js';
import { TokenFault } from '../tokens/token-fault.js';

/** Why a request may not enter, as a value: a flood of bad tokens shall not cost an exception each. */
export interface Denial {
  readonly denied: true;
  readonly status: 400 | 401 | 403 | 429 | 500 | 503;
  /** Stable machine code. */
  readonly code: FastauthErrorCode;
  /** For people, in the original's words. */
  readonly detail: string;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number;
  /** For operators, where they are told more than the caller. */
  readonly reason?: string;
}

function denial(status: Denial['status'], code: FastauthErrorCode, detail: string): Denial {
  return Object.freeze({ denied: true, status, code, detail });
}

export const DENIALS = {
  ambiguous: denial(400, 'invalid_request', 'A credential was sent more than once'),
  noMasterToken: denial(401, 'missing_token', 'Unauthorized Master Token'),
  badMasterToken: denial(401, 'invalid_token', 'Unauthorized Master Token'),
  noAccessToken: denial(401, 'missing_token', 'Invalid Access Token. Access Token is null'),
  otherClient: denial(401, 'invalid_token', 'Invalid Client ID'),
  foreignOrigin: denial(403, 'origin_not_allowed', 'Origin not allowed'),
  overloaded: denial(503, 'store_unavailable', 'The credentials could not be checked in time'),
  shuttingDown: denial(503, 'shutting_down', 'The server is shutting down'),
  moduleNotImported: denial(500, 'module_not_imported', 'FastauthModule is not imported'),
  unknownContext: denial(401, 'missing_token', 'This kind of call is not open to anybody'),
} as const;

/** The denial for an access token with this fault. */
export function denialOfFault(fault: TokenFault): Denial {
  return denial(401, 'invalid_token', detailOf(fault));
}

function detailOf(fault: TokenFault): string {
  switch (fault) {
    case TokenFault.noClientId:
    case TokenFault.unknownClient:
      return 'Invalid Client ID';
    case TokenFault.notCurrent:
    case TokenFault.wrongType:
      return 'Unauthorized Access Token';
    default:
      // With the original's full stop.
      return `Invalid Access Token. Error: ${fault.reason}.`;
  }
}

/** The denial for whoever failed too often. @param retryAfter seconds */
export function denialOfLimit(retryAfter: number): Denial {
  return {
    denied: true,
    status: 429,
    code: 'too_many_attempts',
    detail: 'Too many failed attempts. Try again later.',
    retryAfter,
  };
}

/** The denial for an error met while verifying. @throws the error itself, if it is none that a denial stands for */
export function denialOfError(error: unknown): Denial {
  if (error instanceof StoreUnavailableError) {
    return {
      denied: true,
      status: 503,
      code: error.code,
      detail: error.publicMessage,
      retryAfter: error.retryAfter,
      reason: error.message,
    };
  }
  if (error instanceof CryptoKeyNotSetError) return denial(500, error.code, error.message);
  throw error;
}

export function isDenial(value: object): value is Denial {
  return 'denied' in value;
}

/** What a quoted string in a header cannot hold as it is. */
const UNQUOTABLE = /[^\x20-\x7e]|["\\]/g;

/**
 * The headers that go with a denial.
 * @see RFC 6750 section 3: a request without any credential gets a challenge without an error code
 */
export function denialHeaders(refusal: Denial, realm: string): Record<string, string> {
  switch (refusal.status) {
    case 429:
    case 503:
      return { 'Retry-After': String(refusal.retryAfter ?? 1) };
    case 403:
    case 500:
      return {};
    default: {
      const error =
        refusal.code === 'missing_token'
          ? ''
          : `, error="${refusal.code}", error_description="${refusal.detail}"`;
      return { 'WWW-Authenticate': `Bearer realm="${realm.replaceAll(UNQUOTABLE, '_')}"${error}` };
    }
  }
}

/** The body that goes with a denial. */
export function denialBody({ detail, code }: Denial): { detail: string; code: FastauthErrorCode } {
  return { detail, code };
}

/** A denial on its way through Nest's exception filters. */
export class AccessDeniedException extends HttpException {
  constructor(readonly denial: Denial) {
    super(denialBody(denial), denial.status);
    this.message = denial.detail;
  }

  /** As the constructor, without a stack: it is no fault of the program, and writing one down is half the price. */
  static withoutStack(denial: Denial): AccessDeniedException {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return new AccessDeniedException(denial);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}
