import { ForbiddenException } from '@nestjs/common';
import type { Call } from '../access/call.js';
import type { Gate } from '../access/gate.js';
import { rawRequest, type AnyRequest, type RawRequest } from '../access/request-access.js';
import { MASTER } from '../access/requirement.js';
import { isSameOrigin } from '../access/same-origin.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import { answerToDenial } from '../endpoints/endpoint-error.js';
import { invalid, readParameter, type TokenRequest } from '../endpoints/token-request.js';
import { UnauthorizedError } from '../errors.js';
import { correlationIdOfRequest } from '../events/correlation-id.js';
import type { ConsoleCookie, ConsoleSession } from './console-cookie.js';

/** Who may enter the console: whoever has shown a master token, by a cookie, from the console's own pages. */
export class ConsoleAccess {
  constructor(
    private readonly config: FastauthConfig,
    private readonly gate: Gate,
    private readonly cookie: ConsoleCookie,
  ) {}

  /**
   * @throws UnauthorizedError there is no cookie, or no good one
   * @throws ForbiddenException a page of another origin sent this
   */
  assertSignedIn(request: TokenRequest): void {
    assertOwnOrigin(request);
    this.sessionOf(request);
  }

  /**
   * Exchanges a master token for the cookie. It is counted and audited as in its header.
   * @throws ForbiddenException a page of another origin sent this
   */
  async signIn(request: TokenRequest): Promise<EndpointAnswer> {
    assertOwnOrigin(request);
    const token = readParameter(request, 'master_token');
    if (!token) throw invalid('master_token', 'is required');
    const raw = rawRequest(request as unknown as AnyRequest);
    const call = callWith(token, raw);
    const denial = await this.gate.admit(call, MASTER, 'enforced');
    if (denial) return answerToDenial(denial, raw, this.config);
    const name = this.gate.proofs.read(call.carrier)?.principal.masterTokenName ?? '';
    const { header, session } = this.cookie.issue(name);
    return new EndpointAnswer(200, this.stateOf(session), {}, [header]);
  }

  signOut(request: TokenRequest): EndpointAnswer {
    return new EndpointAnswer(200, {}, {}, [this.cookie.end(this.sessionOf(request))]);
  }

  state(request: TokenRequest): object {
    return this.stateOf(this.sessionOf(request));
  }

  private stateOf({ name, expiresAt }: ConsoleSession): object {
    return { app: this.config.appName, master_token: name, expires_at: expiresAt };
  }

  private sessionOf({ headers }: TokenRequest): ConsoleSession {
    const session = this.cookie.read(headers.cookie);
    if (session) return session;
    throw new UnauthorizedError('Sign in to the console', 'missing_token');
  }
}

/** Old browsers send neither header with what only reads, and no page of another origin gets their cookie. */
function assertOwnOrigin({ method, headers }: TokenRequest): void {
  const saysNothing = headers['sec-fetch-site'] === undefined && headers.origin === undefined;
  if (method !== 'POST' && saysNothing) return;
  if (!isSameOrigin(headers)) throw new ForbiddenException('Only pages of the console may send this');
}

/** A call that brings this token, and nothing that the request may have in its headers. */
function callWith(token: string, raw: RawRequest): Call {
  return {
    transport: 'http',
    carrier: { headers: {} },
    // As Node reads bytes of headers.
    sent: { masterToken: Buffer.from(token).toString('latin1'), accessToken: undefined },
    from: raw,
    line: raw,
    correlationId: correlationIdOfRequest(raw),
    connection: undefined,
  };
}
