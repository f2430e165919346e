import type { Expiring } from '../../sessions/expiry-queue.js';
import type { TokenReference } from '../../tokens/token-status.js';
import type { HeldToken } from './held-token.js';
import type { SocketKind } from './socket-kind.js';

/**
 * A socket and the token that it lives by, in one object, since there are many. The token never changes: by another
 * one the socket lives as another object. `expiresAt` is when its state ends, whichever that is.
 */
export class LiveSocket implements Expiring {
  readonly clientId: string | undefined;
  readonly familyId: string | undefined;
  /** Undefined: it lives by a master token. */
  readonly accessHash: string | undefined;
  readonly hasSession: boolean;
  /** good; refreshed, and waiting for the new token; told and closed, and waiting for the close to be answered */
  state: 'good' | 'refreshed' | 'ended' = 'good';
  queueIndex = -1;

  constructor(
    readonly kind: SocketKind,
    readonly socket: object,
    { clientId, familyId, accessHash, hasSession }: HeldToken,
    public expiresAt: number,
  ) {
    this.clientId = clientId;
    this.familyId = familyId;
    this.accessHash = accessHash;
    this.hasSession = hasSession;
  }
}

/** Whether it lives by an access token, whose session can be asked about. */
export function hasReference(live: LiveSocket): live is LiveSocket & TokenReference {
  return live.clientId !== undefined && live.accessHash !== undefined;
}
