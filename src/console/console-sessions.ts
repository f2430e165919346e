import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { invalid, readParameter, type TokenRequest } from '../endpoints/token-request.js';
import { isLive, oldestFirst } from '../sessions/live-sessions.js';
import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { sessionOf } from '../tokens/issued-tokens.js';
import { sessionView } from '../tokens/session-view.js';
import type { TokenService } from '../tokens/token.service.js';

/** How many sessions are read at a time. */
const PART = 200;
/** How many times, for one answer: parts may have no live session. */
const MOST_PARTS = 25;

/** Lists and ends sessions. */
export class ConsoleSessions {
  constructor(
    private readonly config: Pick<FastauthConfig, 'trackLastUsed'>,
    private readonly tokens: TokenService,
    private readonly store: TokenStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Those of `client`, or a part of all from `cursor` on; without `sessions` where the store cannot list all. Where `next`
   * begins there are more of them, unless too many that have ended were to be read to know.
   */
  async list(request: TokenRequest): Promise<object> {
    const tracked = this.config.trackLastUsed > 0;
    const clientId = readParameter(request, 'client');
    if (clientId) return { tracked, sessions: (await this.tokens.sessions(clientId)).map(sessionView) };
    const now = this.clock.now() / 1000;
    let live: readonly SessionRecord[] = [];
    let next = readParameter(request, 'cursor');
    for (let parts = 0; parts < MOST_PARTS; parts++) {
      const part = await this.store.listAll({ cursor: next, limit: PART });
      if (!part) return { tracked };
      const found = part.sessions.filter((record) => isLive(record, now));
      // That there is more is known only where a live session follows.
      if (live.length > 0 && found.length > 0) break;
      if (found.length > 0) live = found.sort(oldestFirst);
      next = part.next;
      if (next === undefined) break;
    }
    return { tracked, sessions: live.map((record) => sessionView(sessionOf(record))), next };
  }

  async end(request: TokenRequest): Promise<object> {
    const clientId = required(request, 'client_id');
    const familyId = required(request, 'session');
    return { ended: (await this.tokens.revoke({ clientId, familyId })) ? 1 : 0 };
  }

  /** @throws InvalidRequestError the client's identifier was not typed as it is */
  async endAll(request: TokenRequest): Promise<object> {
    const clientId = required(request, 'client_id');
    if (required(request, 'confirmation') !== clientId) {
      throw invalid('confirmation', 'must be the identifier of the client');
    }
    return { ended: await this.tokens.revokeClient(clientId) };
  }
}

function required(request: TokenRequest, name: string): string {
  const value = readParameter(request, name);
  if (!value) throw invalid(name, 'is required');
  return value;
}
