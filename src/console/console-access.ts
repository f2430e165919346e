import { UnauthorizedException } from '@nestjs/common';
import type { Call } from '../access/call.js';
import type { Gate } from '../access/gate.js';
import { rawRequest, type AnyRequest, type RawRequest } from '../access/request-access.js';
import { DENIALS, type Denial } from '../access/denial.js';
import { MASTER } from '../access/requirement.js';
import { isSameOrigin } from '../access/same-origin.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import { answerToDenial } from '../endpoints/endpoint-error.js';
import { invalid, readParameter, type TokenRequest } from '../endpoints/token-request.js';
import { correlationIdOfRequest } from '../events/correlation-id.js';
import type { ConsoleCookie, ConsoleSession } from './console-cookie.js';

const NOT_SIGNED_IN: Denial = { ...DENIALS.noMasterToken, detail: 'Sign in to the console' };

/** Who may enter the console: whoever has shown a master token, by a cookie, from the console's own pages. */
export class ConsoleAccess {
  constructor(
    private readonly config: FastauthConfig,
    private readonly gate: Gate,
    private readonly cookie: ConsoleCookie,
  ) {}

  /**
   * What a request is refused with that a page of another origin sent, or somebody who has not signed in. What changes
   * something is audited as a use of the master token.
   */
  refusalOf(request: TokenRequest): EndpointAnswer | undefined {
    if (!isOfOwnPage(request)) return this.refuse(DENIALS.foreignOrigin, request);
    const session = this.cookie.read(request.headers.cookie);
    if (!session) return this.refuse(NOT_SIGNED_IN, request);
    if (request.method === 'POST') this.gate.tellMasterUse(session.name, callOf(rawOf(request)));
    return undefined;
  }

  /** Exchanges a master token for the cookie. It is counted and audited as in its header. */
  async signIn(request: TokenRequest): Promise<EndpointAnswer> {
    if (!isOfOwnPage(request)) return this.refuse(DENIALS.foreignOrigin, request);
    const token = readParameter(request, 'master_token');
    if (!token) throw invalid('master_token', 'is required');
    const raw = rawOf(request);
    const call = callOf(raw, token);
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

  /** Of a request that was not refused. */
  private sessionOf({ headers }: TokenRequest): ConsoleSession {
    const session = this.cookie.read(headers.cookie);
    if (session) return session;
    throw new UnauthorizedException(NOT_SIGNED_IN.detail);
  }

  private refuse(denial: Denial, request: TokenRequest): EndpointAnswer {
    const raw = rawOf(request);
    return answerToDenial(this.gate.refuse(denial, callOf(raw), MASTER), raw, this.config);
  }
}

/** Old browsers send neither header with what only reads, and no page of another origin gets their cookie. */
function isOfOwnPage({ method, headers }: TokenRequest): boolean {
  const saysNothing = headers['sec-fetch-site'] === undefined && headers.origin === undefined;
  return (method !== 'POST' && saysNothing) || isSameOrigin(headers);
}

function rawOf(request: TokenRequest): RawRequest {
  return rawRequest(request as unknown as AnyRequest);
}

/** A call that brings this master token, and nothing that the request may have in its headers. */
function callOf(raw: RawRequest, masterToken?: string): Call {
  return {
    transport: 'http',
    carrier: { headers: {} },
    sent: {
      // As Node reads bytes of headers.
      masterToken: masterToken === undefined ? undefined : Buffer.from(masterToken).toString('latin1'),
      accessToken: undefined,
    },
    from: raw,
    line: raw,
    correlationId: correlationIdOfRequest(raw),
    connection: undefined,
  };
}
