import type { Database } from 'lmdb';
import { beginningKey, endKey, type IndexedGrant, sessionKeyIn } from './grant-keys.js';

interface ReadAhead {
  /** The first grants of a client, in order, with none left out. */
  readonly grants: (IndexedGrant & { readonly key: Buffer })[];
  /** How many are read next time. */
  next: number;
}

/**
 * The oldest grants of the clients. They are read ahead, so that a few looks at the index do for all writes of a
 * transaction: lmdb makes a cursor for each, which only a collection of the old generation frees.
 */
export class OldestGrants {
  readonly #index: Database<Buffer, Buffer>;
  readonly #clients = new Map<string, ReadAhead>();

  /** @param index of the grants */
  constructor(index: Database<Buffer, Buffer>) {
    this.#index = index;
  }

  /** Others may have written before this transaction. */
  begin(): void {
    this.#clients.clear();
  }

  /** All of a client, the oldest first. Nothing may be written meanwhile. */
  *of(prefix: Buffer): Iterable<IndexedGrant> {
    const name = nameOf(prefix);
    const ahead = this.#clients.get(name) ?? { grants: [], next: 1 };
    this.#clients.set(name, ahead);
    for (let position = 0; ; position++) {
      if (position === ahead.grants.length) this.#readMore(prefix, ahead);
      const grant = ahead.grants[position];
      if (grant === undefined) return;
      yield grant;
    }
  }

  /** @param key by which it is in the index */
  added(prefix: Buffer, key: Buffer): void {
    const last = this.#clients.get(nameOf(prefix))?.grants.at(-1);
    if (last !== undefined && key.compare(last.key) < 0) this.#clients.delete(nameOf(prefix));
  }

  /** @param key by which it was in the index */
  removed(prefix: Buffer, key: Buffer): void {
    const grants = this.#clients.get(nameOf(prefix))?.grants ?? [];
    const position = grants.findIndex((grant) => grant.key.equals(key));
    if (position !== -1) grants.splice(position, 1);
  }

  /** Twice as many each time, so that what is read in vain is never more than what is needed. */
  #readMore(prefix: Buffer, ahead: ReadAhead): void {
    const last = ahead.grants.at(-1);
    const range = {
      start: last?.key ?? beginningKey(prefix, 0),
      exclusiveStart: last !== undefined,
      end: endKey(prefix, 0),
      limit: ahead.next,
    };
    for (const { key, value } of this.#index.getRange(range))
      ahead.grants.push({ key, sessionKey: sessionKeyIn(key, prefix), expiresAt: value.readDoubleBE() });
    ahead.next *= 2;
  }
}

function nameOf(prefix: Buffer): string {
  return prefix.toString('latin1');
}
