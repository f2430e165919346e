/**
 * What a path or a route asks of whoever calls it, as a bit set: `a | b` asks for everything that either asks,
 * so the stricter one wins by itself, and `demand & ~proved` is what is still missing.
 */
export type Demand = number;

/** Open to anybody. */
export const NONE = 0;
/** An access token. */
export const ACCESS = 1;
/** The master token. */
export const MASTER = 2;
/** An access token and the master token; not one of them. */
export const BOTH = 3;

const TEXTS = ['public', 'access', 'master', 'access and master'];

/** The demand in the words of the configuration: `public`, `access`, `master`, `access and master`. */
export function describeDemand(demand: Demand): string {
  return TEXTS[demand & BOTH] ?? '';
}
