import type { Clock } from '../clock.js';
import type { ActiveKeyRing } from '../keys/active-key-ring.js';
import { isAccepted } from '../keys/ring-key.js';
import { findSession } from '../sessions/legacy-family.js';
import { sessionExpiresAt, type SessionRecord } from '../sessions/session-record.js';
import type { MaybePromise, SessionWatcher, TokenStore } from '../sessions/token-store.js';
import { sessionStatusOf, statusOf, type TokenReference, type TokenStatus } from './token-status.js';

/** What those who live by a token, such as sockets, ask about it once it has been verified. As of `AccessTokens`. */
export class SessionStatuses {
  constructor(
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly keys: ActiveKeyRing | undefined,
  ) {}

  ofToken(token: TokenReference): MaybePromise<TokenStatus> {
    return this.look(token, (record) => statusOf(token, record, this.isKeyAccepted));
  }

  ofSession(token: TokenReference): MaybePromise<TokenStatus> {
    return this.look(token, (record) => sessionStatusOf(token, record, this.isKeyAccepted));
  }

  async sessionEnd(token: TokenReference): Promise<number | undefined> {
    const record = await findSession(this.store, token, { fresh: true });
    const status = sessionStatusOf(token, record, this.isKeyAccepted);
    return record !== undefined && status === 'current' ? sessionExpiresAt(record) : undefined;
  }

  /** Other keys may have ended any session, so the watcher is then told that it may have missed changes. */
  watch(watcher: SessionWatcher): () => void {
    const unwatch = this.store.watch(watcher);
    const ignoreKeys = this.keys?.onChange(() => watcher(undefined));
    return () => {
      unwatch();
      ignoreKeys?.();
    };
  }

  private look(
    token: TokenReference,
    status: (record: SessionRecord | undefined) => TokenStatus,
  ): MaybePromise<TokenStatus> {
    const found = findSession(this.store, token);
    return found instanceof Promise ? found.then(status) : status(found);
  }

  /** A session remembers no key whose tokens do not name one. */
  private readonly isKeyAccepted = (kid: string | undefined): boolean => {
    const now = this.clock.now() / 1000;
    const ring = this.keys?.current;
    const keys = kid === undefined ? ring?.candidates(kid) : ring?.keys.filter((key) => key.kid === kid);
    return keys?.some((key) => isAccepted(key, now)) ?? false;
  };
}
