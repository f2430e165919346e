import { SafeLogger } from '../../events/safe-logger.js';
import type { SessionKey } from '../../sessions/session-record.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import type { TokenReference, TokenStatus } from '../../tokens/token-status.js';

/** How many tokens are looked at again before others are let in between. */
const BATCH_SIZE = 50;
/** When the store could not answer, until it is asked again. */
const RETRY_MS = 250;

/** Those who live by tokens. */
export interface TokenHolders {
  clientIds(): Iterable<string>;
  hasClient(clientId: string): boolean;
  /** The tokens of a client that are lived by; one may come several times. */
  tokensOf(clientId: string): readonly TokenReference[];
  /** Acts on how a token stands. */
  conclude(token: TokenReference, status: TokenStatus): void;
}

/** Which of a client's sessions to look at; undefined: all. */
type Families = Set<string> | undefined;

/**
 * Looks again at the tokens of sessions that are said to have changed: a change that was told of first, and all the
 * others when changes may have been missed. What the store cannot answer stays as it is, and is asked again.
 */
export class SessionFollower {
  /** How often anything was heard. */
  changesHeard = 0;
  readonly #told = new Map<string, Families>();
  readonly #doubted = new Set<string>();
  readonly #logger = new SafeLogger();
  #running = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly status: (token: TokenReference) => MaybePromise<TokenStatus>,
    private readonly holders: TokenHolders,
  ) {}

  /** As a {@link SessionWatcher}. */
  hear(changed: SessionKey | undefined): void {
    this.changesHeard++;
    if (changed) {
      if (this.holders.hasClient(changed.clientId)) this.lookAgainAt(changed);
      return;
    }
    for (const clientId of this.holders.clientIds()) this.#doubted.add(clientId);
    this.#run();
  }

  lookAgainAt({ clientId, familyId }: SessionKey): void {
    const told = this.#told.get(clientId);
    if (familyId === undefined) this.#told.set(clientId, undefined);
    else if (told) told.add(familyId);
    else if (!this.#told.has(clientId)) this.#told.set(clientId, new Set([familyId]));
    this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  #run(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    setImmediate(() => void this.#work());
  }

  async #work(due = this.#due()): Promise<void> {
    for (let isOut = false; !isOut && !this.#stopped;) {
      const batch: MaybePromise<boolean>[] = [];
      for (let next = due.next(); ; next = due.next()) {
        isOut = next.done === true;
        if (next.done) break;
        if (batch.push(this.#lookAt(next.value)) >= BATCH_SIZE) break;
      }
      const answers = await Promise.all(batch);
      if (answers.includes(false)) return this.#continueLater(due);
      if (!isOut) await new Promise(setImmediate);
    }
    this.#running = false;
    // Told of between the last look at the list and here.
    if (this.#told.size + this.#doubted.size > 0) this.#run();
  }

  #continueLater(due: Generator<TokenReference, undefined>): void {
    this.#retry = setTimeout(() => void this.#work(due), RETRY_MS);
    this.#retry.unref();
  }

  /** The tokens to look at, those of told sessions first, each once. */
  *#due(): Generator<TokenReference, undefined> {
    for (;;) {
      const [told] = this.#told;
      const clientId = told ? told[0] : this.#doubted.values().next().value;
      if (clientId === undefined) return undefined;
      this.#told.delete(clientId);
      if (!told) this.#doubted.delete(clientId);
      const families = told?.[1];
      const seen = new Set<string>();
      for (const token of this.holders.tokensOf(clientId)) {
        const { familyId, accessHash } = token;
        const isDue = !families || familyId === undefined || families.has(familyId);
        if (!isDue || seen.has(accessHash)) continue;
        seen.add(accessHash);
        yield token;
      }
    }
  }

  /** @returns false if the store could not tell */
  #lookAt(token: TokenReference): MaybePromise<boolean> {
    const doubt = (): false => {
      this.#doubted.add(token.clientId);
      return false;
    };
    const conclude = (status: TokenStatus): true => {
      this.#logger.contain('Following a session', () => this.holders.conclude(token, status));
      return true;
    };
    try {
      const status = this.status(token);
      return status instanceof Promise ? status.then(conclude, doubt) : conclude(status);
    } catch {
      return doubt();
    }
  }
}
