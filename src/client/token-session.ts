import type { TokenEnvelope } from '../wire/token-envelope.js';
import { FastauthClientError } from './client-error.js';
import { now } from './clock.js';
import { due, type KeptPair, type TokenPair, whole } from './kept-tokens.js';
import { locked } from './locked.js';
import { otherTabs } from './other-tabs.js';
import { BETWEEN_LOOKS, LOOKS } from './patience.js';
import { wait } from './pause.js';
import { type Fetch, postForm } from './post-form.js';
import { memoryStorage, readPair, type TokenStorage } from './token-storage.js';

export interface TokenSessionOptions {
  /** Of the token endpoints, ends with a slash. */
  readonly endpoints: string;
  readonly send: Fetch;
  readonly storage: TokenStorage | undefined;
  readonly name: string;
  /** Seconds. */
  readonly ahead: number;
}

/** The tokens of one session, which several tabs may share: refreshed once for all of them, ended in all of them. */
export interface TokenSession {
  read(): Promise<KeptPair | undefined>;
  /**
   * An access token that is good as far as one can tell here; undefined without a session.
   * @param refused a token that a server has refused: another one is needed
   * @throws what kept it from being renewed; the session is kept
   */
  token(refused?: string): Promise<string | undefined>;
  /** Begins a session, in place of the one that is kept. @throws TypeError it has not both tokens */
  begin(pair: TokenPair): Promise<void>;
  /** Ends it here and in other tabs, then on the server. @throws the server could not be told */
  end(): Promise<void>;
  /** @param listener gets the access token whenever there is another one, and undefined when the session ended */
  onChange(listener: (token: string | undefined) => void): () => void;
  close(): void;
}

export function tokenSession({ endpoints, send, storage, name, ahead }: TokenSessionOptions): TokenSession {
  const kept = storage ?? memoryStorage();
  const listeners = new Set<(token: string | undefined) => void>();
  /** What this tab knows to be kept. */
  let known: string | undefined;
  let renewal: Promise<string | undefined> | undefined;

  const read = (): Promise<KeptPair | undefined> => readPair(kept, name);

  const notice = (pair?: KeptPair): void => {
    const token = pair?.access_token;
    if (token === known) return;
    known = token;
    for (const listener of listeners) listener(token);
  };

  /** A storage that cannot be read tells whoever asks for a token. */
  const look = (): void => void read().then(notice, () => undefined);

  // What is in memory is no other tab's.
  const tabs = storage && otherTabs(name, look);
  look();

  const keep = async (pair?: TokenPair): Promise<void> => {
    await (pair ? kept.setItem(name, JSON.stringify(due(pair, ahead))) : kept.removeItem(name));
    tabs?.tell();
    notice(await read());
  };

  /** The pair that is kept now if it is another one, which another tab stored or will store soon. */
  const another = async (pair: KeptPair, looks: number): Promise<KeptPair | undefined> => {
    for (; ; looks--) {
      const found = await read();
      if (found?.refresh_token !== pair.refresh_token) return found;
      if (looks < 2) return pair;
      await wait(BETWEEN_LOOKS);
    }
  };

  const spend = async (stale: string, isAlone: boolean): Promise<string | undefined> => {
    const pair = await read();
    // Another tab was faster, or the session has ended.
    if (pair?.access_token !== stale) return pair?.access_token;
    const answer = await postForm(send, `${endpoints}refresh`, { refresh_token: pair.refresh_token });
    const { ok, status } = answer;
    const next = ok ? whole(((await answer.json()) as Partial<TokenEnvelope>).data) : undefined;
    if (!next && status !== 401) throw new FastauthClientError(`Not refreshed: status ${status}`, status);
    // Meanwhile somebody logged out or in, or another tab has stored what both were answered.
    const found = await another(pair, ok || isAlone ? 1 : LOOKS);
    if (found !== pair) return found?.access_token;
    await keep(next);
    return next?.access_token;
  };

  const renew = (stale: string): Promise<string | undefined> => {
    const work = (isAlone: boolean): Promise<string | undefined> => spend(stale, isAlone);
    return (renewal ??= (tabs ? locked(name, work) : work(true)).finally(() => (renewal = undefined)));
  };

  return {
    read,
    async token(refused) {
      const pair = await read();
      if (!pair) return undefined;
      const { access_token: token, renew_at: renewAt, expires_at: expiresAt } = pair;
      const isGoodUntil = (end = Infinity): boolean => token !== refused && now() < end;
      if (isGoodUntil(renewAt)) return token;
      try {
        return await renew(token);
      } catch (error) {
        if (isGoodUntil(expiresAt)) return token;
        throw error;
      }
    },
    async begin(pair) {
      if (!whole(pair)) throw new TypeError('login() needs access_token and refresh_token');
      await keep(pair);
    },
    async end() {
      const pair = await read();
      if (!pair) return;
      await keep();
      const { ok, status } = await postForm(send, `${endpoints}revoke`, { token: pair.refresh_token });
      if (!ok) throw new FastauthClientError(`Not revoked: status ${status}`, status);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      tabs?.close();
      listeners.clear();
    },
  };
}
