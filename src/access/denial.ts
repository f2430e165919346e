import { HttpException } from '@nestjs/common';
import { CryptoKeyNotSetError, StoreUnavailableError, type FastauthErrorCode } from '../errors.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { type Bearer, TokenFault } from '../tokens/token-fault.js';
import { resourceMetadataUrl } from './resource-metadata.js';

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
  /** What the access token has to have, for the challenge. */
  readonly scopes?: readonly string[];
  /** Whether it is the master token that is missing: no authorization server gives that out. */
  readonly isOfMaster?: true;
  /** Of the session, in seconds, for the challenge (RFC 9470 section 3). */
  readonly maxAge?: number;
  /** What to do, where a mistake is likely. Follows from the form of what was sent, or is for whoever holds a good token. */
  readonly hint?: string;
  /** Why, in the order in which it was decided; for whoever holds the master token, outside of production. */
  readonly explanation?: readonly string[];
  /** Whose the token was, if it was ours; for operators, never for the caller. */
  readonly bearer?: Bearer | undefined;
}

function denial(
  status: Denial['status'],
  code: FastauthErrorCode,
  detail: string,
  more: Pick<Denial, 'hint' | 'bearer' | 'scopes' | 'maxAge' | 'isOfMaster'> = {},
): Denial {
  return Object.freeze({ denied: true, status, code, detail, ...more });
}

function denialOfMaster(code: FastauthErrorCode, hint?: string): Denial {
  return denial(401, code, 'Unauthorized Master Token', {
    isOfMaster: true,
    ...(hint === undefined ? {} : { hint }),
  });
}

export const DENIALS = {
  ambiguous: denial(400, 'invalid_request', 'A credential was sent more than once'),
  noMasterToken: denialOfMaster('missing_token'),
  /** Whatever the access token is: to tell whether it is a master token would help whoever guesses at those. */
  masterTokenElsewhere: denialOfMaster(
    'missing_token',
    'This needs the master token, and reads it from the MASTER-TOKEN header alone.',
  ),
  badMasterToken: denialOfMaster('invalid_token'),
  noAccessToken: denial(401, 'missing_token', 'Invalid Access Token. Access Token is null'),
  noBearer: denial(401, 'missing_token', 'Invalid Access Token. Access Token is null', {
    hint: 'Write "Authorization: Bearer <access token>".',
  }),
  otherClient: denial(401, 'invalid_token', 'Invalid Client ID'),
  foreignOrigin: denial(403, 'origin_not_allowed', 'Origin not allowed'),
  overloaded: denial(503, 'store_unavailable', 'The credentials could not be checked in time'),
  shuttingDown: denial(503, 'shutting_down', 'The server is shutting down'),
  moduleNotImported: denial(500, 'module_not_imported', 'FastauthModule is not imported'),
  unknownContext: denial(401, 'unsupported_context', 'This kind of call is not open to anybody'),
} as const;

/** The denial for want of an access token with these scopes. @see RFC 6750 section 3 */
export function denialOfNoToken(scopes: readonly string[]): Denial {
  return scopes.length === 0 ? DENIALS.noAccessToken : { ...DENIALS.noAccessToken, scopes };
}

/** The denial for an access token that is good, but may not do this. @see RFC 6750 section 3.1 */
export function denialOfScopes(scopes: readonly string[], bearer?: Bearer): Denial {
  return denial(403, 'insufficient_scope', 'The access token lacks a scope that this needs', {
    scopes,
    bearer,
  });
}

/** The denial for an access token whose session began too long ago. @see RFC 9470 section 3 */
export function denialOfAge(maxAge: number, bearer?: Bearer): Denial {
  return denial(401, 'insufficient_user_authentication', 'A more recent login is required', {
    maxAge,
    bearer,
  });
}

/** The denial for an access token with this fault. */
export function denialOfFault(fault: TokenFault): Denial {
  return NAMELESS.get(fault) ?? makeDenialOfFault(fault);
}

function makeDenialOfFault(fault: TokenFault): Denial {
  const { code, bearer } = fault;
  const hint = hintOf(fault);
  return denial(401, code, detailOf(fault), hint === undefined ? { bearer } : { bearer, hint });
}

function hintOf({ kind }: TokenFault): string | undefined {
  switch (kind) {
    case TokenFault.malformed:
      return 'This does not have the form of an access token. A master token belongs in the MASTER-TOKEN header.';
    case TokenFault.wrongType:
      return 'This is not an access token. Send a refresh token to the refresh endpoint, and the access token of its answer here.';
    default:
      return undefined;
  }
}

function detailOf(fault: TokenFault): string {
  switch (fault.kind) {
    case TokenFault.noClientId:
    case TokenFault.unknownClient:
      return 'Invalid Client ID';
    case TokenFault.notCurrent:
    case TokenFault.superseded:
    case TokenFault.sessionRevoked:
    case TokenFault.sessionSuperseded:
    case TokenFault.wrongType:
      return 'Unauthorized Access Token';
    default:
      // With the original's full stop.
      return `Invalid Access Token. Error: ${fault.reason}.`;
  }
}

/** By the faults of tokens that are nobody's, as most of a flood have them: made once. */
const NAMELESS: ReadonlyMap<TokenFault, Denial> = new Map(
  TokenFault.all.map((fault) => [fault, makeDenialOfFault(fault)]),
);

/** Those that are one value for all who meet them, whose headers need not be written for each. */
export const CONSTANT_DENIALS: readonly Denial[] = [...Object.values(DENIALS), ...NAMELESS.values()];

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

/** What challenges say of the application that makes them. */
export type Challenger = Pick<FastauthConfig, 'appName' | 'resourceIdentifier'>;

/** What a quoted string in a header cannot hold as it is. */
const UNQUOTABLE = /[^\x20-\x7e]|["\\]/g;

/** What its events have, so that who was refused can be found there. */
export const CORRELATION_HEADER = 'X-Request-Id';

/**
 * The headers that go with a denial. Challenges of want of the master token name no metadata of the resource.
 * @see RFC 9728 section 5.1
 * @see RFC 6750 section 3: a request without any credential gets a challenge without an error code
 */
export function denialHeaders(
  refusal: Denial,
  challenger: Challenger,
  correlationId: string,
): Record<string, string> {
  return { ...headersByStatus(refusal, challenger), [CORRELATION_HEADER]: correlationId };
}

function headersByStatus(refusal: Denial, of: Challenger): Record<string, string> {
  switch (refusal.status) {
    case 429:
    case 503:
      return { 'Retry-After': String(refusal.retryAfter ?? 1) };
    case 500:
      return {};
    case 403:
      return refusal.scopes === undefined ? {} : { 'WWW-Authenticate': challengeOf(refusal, of) };
    default:
      return { 'WWW-Authenticate': challengeOf(refusal, of) };
  }
}

/** The challenge of a refusal with 400, 401 or 403. @see RFC 6750 section 3 */
export function challengeOf(
  { code, status, detail, scopes = [], maxAge, isOfMaster }: Denial,
  { appName, resourceIdentifier: resource }: Challenger,
): string {
  const tellsResource = resource !== undefined && status !== 400 && isOfMaster === undefined;
  const parameters = [
    ['realm', appName.replaceAll(UNQUOTABLE, '_')],
    ...(code === 'missing_token'
      ? []
      : [
          ['error', errorOf(code)],
          ['error_description', detail],
        ]),
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')]]),
    ...(maxAge === undefined ? [] : [['max_age', String(maxAge)]]),
    ...(tellsResource ? [['resource_metadata', resourceMetadataUrl(resource)]] : []),
  ];
  return `Bearer ${parameters.map(([name, value]) => `${name}="${value}"`).join(', ')}`;
}

/** What RFCs call it; more precise codes are in the body. @see RFC 6750 section 3.1, RFC 9470 section 3 */
function errorOf(code: FastauthErrorCode): string {
  switch (code) {
    case 'invalid_request':
    case 'insufficient_scope':
    case 'insufficient_user_authentication':
      return code;
    default:
      return 'invalid_token';
  }
}

/** What callers are told. */
export interface DenialBody {
  readonly detail: string;
  readonly code: FastauthErrorCode;
  readonly hint?: string;
  readonly explanation?: readonly string[];
}

/** The body that goes with a denial. */
export function denialBody({ detail, code, hint, explanation }: Denial): DenialBody {
  const body = hint === undefined ? { detail, code } : { detail, code, hint };
  return explanation === undefined ? body : { ...body, explanation };
}

/** A denial on its way through Nest's exception filters. */
export class AccessDeniedException extends HttpException {
  constructor(readonly denial: Denial) {
    super(denialBody(denial), denial.status);
  }

  override initMessage(): void {
    this.message = (this.getResponse() as DenialBody).detail;
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
