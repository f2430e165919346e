import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { loadFastauthConfig } from '../config/load-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { SessionKey } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { IssuedTokens, IssueOptions } from '../tokens/issued-tokens.js';
import { TokenService } from '../tokens/token.service.js';
import type { PassingTime } from './passing-time.js';

/** One of several servers on one store, as the model drives it. */
export interface ModelNode {
  /** What its clock shows, in seconds. */
  clock(): number;
  /** What the clock of a backend shows, in seconds: no test can set it, and no server's error changes it. */
  backendClock(): number;
  /** Puts its clock ahead of the others' start by so many seconds. */
  skew(seconds: number): Promise<void>;
  issue(options: IssueOptions): Promise<IssuedTokens>;
  refresh(refreshToken: string): Promise<IssuedTokens>;
  /** Whether this access token opens a guarded route. */
  verifies(accessToken: string): Promise<boolean>;
  revoke(session: SessionKey): Promise<boolean>;
  revokeClient(clientId: string): Promise<number>;
  /** Dies without warning, whatever is under way, and starts again with the clock that it had. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const SECRET = 'a secret of the tests, thirty-two bytes or more';

/** A TokenService as an application has it, with defaults for all that `config` does not say. */
export function tokenServiceOn(
  store: TokenStore,
  clock: Clock,
  config: Partial<FastauthConfig> = {},
): TokenService {
  const defaults = loadFastauthConfig({ configFile: false, envFile: false }, { env: {}, cwd: '.' });
  const keys = new ActiveKeyRing(KeyRing.fromSecret(SECRET));
  return new TokenService({ ...defaults.config, ...config }, keys, store, clock, new FastauthEvents());
}

/** A node in this process, with a clock that stands still until it is moved. */
export class LocalNode implements ModelNode {
  #skew = 0;
  #store: TokenStore;
  #tokens: TokenService;

  private constructor(
    private readonly open: () => Promise<TokenStore>,
    private readonly config: Partial<FastauthConfig>,
    private readonly time: PassingTime,
    store: TokenStore,
  ) {
    this.#store = store;
    this.#tokens = this.#serviceOn(store);
  }

  /**
   * @param open opens another store on the same data
   * @param time of all nodes on that data
   */
  static async start(
    open: () => Promise<TokenStore>,
    config: Partial<FastauthConfig>,
    time: PassingTime,
  ): Promise<LocalNode> {
    return new LocalNode(open, config, time, await open());
  }

  clock(): number {
    return START + this.#skew;
  }

  backendClock(): number {
    return performance.now() / 1000 + this.time.passed;
  }

  async skew(seconds: number): Promise<void> {
    this.#skew = seconds;
  }

  issue(options: IssueOptions): Promise<IssuedTokens> {
    return this.#tokens.issue(options);
  }

  refresh(refreshToken: string): Promise<IssuedTokens> {
    return this.#tokens.refresh(refreshToken);
  }

  verifies(accessToken: string): Promise<boolean> {
    return this.#tokens.verify(accessToken).then(
      () => true,
      (error: Error) => {
        if (error.name === 'UnauthorizedError') return false;
        throw error;
      },
    );
  }

  revoke(session: SessionKey): Promise<boolean> {
    return this.#tokens.revoke(session);
  }

  revokeClient(clientId: string): Promise<number> {
    return this.#tokens.revokeClient(clientId);
  }

  /** What is under way goes on in this process, as a write does that had left the server before it died. */
  async crash(): Promise<void> {
    const left = this.#store;
    this.#store = await this.open();
    this.#tokens = this.#serviceOn(this.#store);
    await left.close();
  }

  stop(): Promise<void> {
    return this.#store.close();
  }

  #serviceOn(store: TokenStore): TokenService {
    return tokenServiceOn(this.time.seenThroughBy(store), { now: () => this.clock() * 1000 }, this.config);
  }
}

/** January 2033. */
const START = 1_988_150_400;
