import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { MasterTokens } from '../access/master-tokens.js';
import { Clock } from '../clock.js';
import type { FastauthEvent } from '../events/fastauth-event.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import type { IssueOptions } from '../tokens/issued-tokens.js';
import { TokenService } from '../tokens/token.service.js';
import { expiredPair, forged } from './expired-pair.js';
import { assertNotProduction } from './not-in-production.js';
import { assertAllGuarded } from './open-routes.js';
import { TestingClock } from './testing-clock.js';
import {
  type TestingCredential,
  testingMaster,
  type TestingTokens,
  testingTokens,
} from './testing-credentials.js';
import { TestingMasterTokens } from './testing-master-token.js';

/** What the tokens say: claims, scopes, label, lifetimes. */
export type TestingTokenOptions = Omit<IssueOptions, 'clientId'>;

/** Credentials, good and bad ones, time and events of an application under test; see {@link fastauthTesting}. */
export class FastauthTesting {
  /** Moves the time of fastauth in this application. */
  readonly clock: TestingClock;
  /** What happened since {@link fastauthTesting} was called, oldest first. */
  readonly events: readonly FastauthEvent[];
  readonly #tokens: TokenService;
  readonly #masters: TestingMasterTokens;

  /** @internal */
  constructor(private readonly app: INestApplicationContext) {
    const clock = app.get(Clock);
    this.clock = new TestingClock(clock);
    this.#tokens = app.get(TokenService);
    this.#masters = new TestingMasterTokens(app.get(MasterTokens), clock);
    const events: FastauthEvent[] = [];
    app.get(FastauthEvents).subscribe((event) => events.push(event));
    this.events = events;
  }

  /**
   * Issues a pair, as the application does. Mind `sessions-per-client`: by default a second pair ends the first.
   * @param clientId Default: a new one
   */
  async as(clientId: string = newClient(), options: TestingTokenOptions = {}): Promise<TestingTokens> {
    return testingTokens(await this.#tokens.issue({ ...options, clientId }));
  }

  /**
   * A credential that is as good as the master token of the configuration.
   * @param name Default: the one that `master-token` sets
   * @throws Error none of that name is configured
   */
  asMaster(name?: string): TestingCredential {
    return testingMaster(this.#masters.tokenOf(name));
  }

  /** Tokens whose time has passed. */
  async expired(clientId: string = newClient()): Promise<TestingTokens> {
    return testingTokens({ clientId, ...(await expiredPair(this.app, clientId)) });
  }

  /** Tokens of a session that was revoked. */
  async revoked(clientId: string = newClient()): Promise<TestingTokens> {
    const tokens = await this.#tokens.issue({ clientId });
    await this.#tokens.revoke(tokens);
    return testingTokens(tokens);
  }

  /** Tokens that were refreshed since: others took their place. */
  async superseded(clientId: string = newClient()): Promise<TestingTokens> {
    const tokens = await this.#tokens.issue({ clientId });
    await this.#tokens.refresh(tokens.refreshToken);
    return testingTokens(tokens);
  }

  /** Tokens of a good session with another signature. */
  async forged(clientId: string = newClient()): Promise<TestingTokens> {
    const { accessToken, refreshToken } = await this.#tokens.issue({ clientId });
    return testingTokens({
      clientId,
      accessToken: forged(accessToken),
      refreshToken: forged(refreshToken),
    });
  }

  /** A refresh token of a new session, to spend or to misuse. */
  async refreshToken(clientId?: string, options?: TestingTokenOptions): Promise<string> {
    return (await this.as(clientId, options)).refreshToken;
  }

  /**
   * Holds that every route and every gateway of the application asks for something, but those in `except`: each as
   * `GET /health`, `WebSocket /feed` or a path alone, with its prefix, as it is declared. Endpoints of fastauth itself
   * do not count. The application must be initialized.
   * @throws Error naming each route that is open and not listed, and each that is listed and not open
   */
  async expectAllGuarded({ except = [] }: { readonly except?: readonly string[] } = {}): Promise<void> {
    assertAllGuarded(this.app, except);
  }
}

/**
 * Credentials, time and events for tests of an application that imports `FastauthModule`, under any test runner.
 * @throws Error `NODE_ENV` is `production`
 * @example
 * const auth = fastauthTesting(app);
 * const { headers } = await auth.as('sensor-17', { claims: { site: 'north' } });
 */
export function fastauthTesting(app: INestApplicationContext): FastauthTesting {
  assertNotProduction();
  return new FastauthTesting(app);
}

function newClient(): string {
  return `client-${randomUUID()}`;
}
