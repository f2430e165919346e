import type { FastauthEvents } from '../events/fastauth-events.js';
import type { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { Principal } from '../tokens/principal.js';
import type { Call } from './call.js';

const TOLD_PER_SECOND = 10;

/** Of one connection. */
interface Uses {
  /** When the second began in which so many were told, in milliseconds. */
  since: number;
  told: number;
  untold: number;
}

/**
 * Tells of uses of the master token. Whoever sends many requests on one connection is told of ten times a second, with
 * how many there were: each one told would cost as much as the rest of the guard.
 */
export class MasterUses {
  readonly #ofConnections = new WeakMap<object, Uses>();

  constructor(
    private readonly events: FastauthEvents,
    private readonly limiter: AttemptLimiter,
  ) {}

  tell({ masterTokenName: name = '' }: Pick<Principal, 'masterTokenName'>, call: Call): void {
    const uses = this.usesOf(call.from.socket ?? call.from);
    uses.untold++;
    const now = performance.now();
    if (now - uses.since >= 1000) {
      uses.since = now;
      uses.told = 0;
    }
    if (uses.told >= TOLD_PER_SECOND) return;
    uses.told++;
    const address = this.limiter.addressOf(call.from);
    this.events.emit({ type: 'master.used', name, address, uses: uses.untold }, call.correlationId);
    uses.untold = 0;
  }

  private usesOf(connection: object): Uses {
    let uses = this.#ofConnections.get(connection);
    if (!uses) this.#ofConnections.set(connection, (uses = { since: -Infinity, told: 0, untold: 0 }));
    return uses;
  }
}
