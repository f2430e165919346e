import { inspect } from 'node:util';
import type { TokenStore } from '../sessions/token-store.js';

/** Calls that look at sessions and change none. */
const LOOKS: readonly PropertyKey[] = ['find', 'list'];

/** A store whose last call can be named, for the messages of tests. */
export class NamedCalls {
  readonly store: TokenStore;
  #change = '';
  #last = '';

  constructor(store: TokenStore) {
    this.store = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]): unknown => {
          this.#last = `${String(name)}(${args.map(shown).join(', ')})`;
          if (!LOOKS.includes(name)) this.#change = this.#last;
          return member.apply(target, args);
        };
      },
    });
  }

  /** The last call with its arguments; of one that looks, also the change before it. */
  toString(): string {
    return ['', this.#last].includes(this.#change) ? this.#last : `${this.#last} after ${this.#change}`;
  }
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'accessToken' in value) return '(tokens)';
  return inspect(value, { breakLength: Infinity });
}
