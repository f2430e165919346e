import type { Database } from 'lmdb';
import { bytesAt } from './bytes.js';

const COUNT_BYTES = 4;

interface Counted {
  readonly prefix: Buffer;
  /** Undefined: the client is not indexed. */
  count: number | undefined;
  isChanged: boolean;
  /** No grant in the index ended before this time. */
  noneEndedBefore: number;
}

/** How many grants the clients have, ended ones among them; each number is read and written once in a transaction. */
export class GrantCounts {
  readonly #grants: Database<Buffer, Buffer>;
  readonly #clients = new Map<string, Counted>();

  /** @param grants a client's prefix → its number, among other keys */
  constructor(grants: Database<Buffer, Buffer>) {
    this.#grants = grants;
  }

  /** Others may have written before this transaction. */
  begin(): void {
    this.#clients.clear();
  }

  /** At the end of the transaction. */
  write(): void {
    for (const { prefix, count, isChanged } of this.#clients.values())
      if (isChanged) this.#grants.putSync(prefix, countBytes(count ?? 0));
  }

  /** Undefined: the client is not indexed. */
  of(prefix: Buffer): number | undefined {
    return this.#counted(prefix).count;
  }

  /** From here on the client is indexed. */
  start(prefix: Buffer): void {
    Object.assign(this.#counted(prefix), { count: 0, isChanged: true });
  }

  added(prefix: Buffer, expiresAt: number): void {
    const counted = this.#counted(prefix);
    counted.count = (counted.count ?? 0) + 1;
    counted.isChanged = true;
    counted.noneEndedBefore = Math.min(counted.noneEndedBefore, expiresAt);
  }

  removed(prefix: Buffer): void {
    const counted = this.#counted(prefix);
    counted.count = Math.max(0, (counted.count ?? 1) - 1);
    counted.isChanged = true;
  }

  /** Whether ended ones have to be looked for. */
  mayHaveEnded(prefix: Buffer, time: number): boolean {
    return this.#counted(prefix).noneEndedBefore < time;
  }

  /** All that ended before `time` are out of the index. */
  removedEnded(prefix: Buffer, time: number): void {
    this.#counted(prefix).noneEndedBefore = time;
  }

  #counted(prefix: Buffer): Counted {
    const name = prefix.toString('latin1');
    let counted = this.#clients.get(name);
    if (counted === undefined) {
      const count = bytesAt(this.#grants, prefix)?.readUInt32BE();
      counted = { prefix: Buffer.from(prefix), count, isChanged: false, noneEndedBefore: -Infinity };
      this.#clients.set(name, counted);
    }
    return counted;
  }
}

function countBytes(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(COUNT_BYTES);
  bytes.writeUInt32BE(count);
  return bytes;
}
