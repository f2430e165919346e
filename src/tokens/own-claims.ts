import { InvalidRequestError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { RESERVED_CLAIMS } from './token-claims.js';

/**
 * The application's own claims as they are written: a copy, so that nobody changes them on the way.
 * @throws TypeError one has a name that this package or RFC 7519 gives its meaning
 * @throws InvalidRequestError they are nothing that JSON can say, or have a name that objects have by themselves
 */
export function ownClaims(claims: JsonObject): JsonObject {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw unusable('must be an object');
  const names = Object.keys(claims);
  const reserved = names.filter((name) => RESERVED_CLAIMS.has(name));
  if (reserved.length > 0) {
    throw new TypeError(
      `The claim(s) ${reserved.join(', ')} are set by fastauth; choose other names for your own.`,
    );
  }
  // Whoever reads them as a plain object would find something else there.
  const inherited = names.find((name) => name in Object.prototype);
  if (inherited !== undefined) throw unusable(`must not have a member named ${inherited}`);
  if (claims['sub'] !== undefined && typeof claims['sub'] !== 'string')
    throw unusable('must have a text as sub');
  return JSON.parse(jsonOf(claims)) as JsonObject;
}

function jsonOf(claims: JsonObject): string {
  try {
    return JSON.stringify(claims, (_name, value: unknown) => {
      const isLost = typeof value === 'number' ? !Number.isFinite(value) : UNWRITABLE.has(typeof value);
      if (isLost)
        throw unusable('must hold nothing but texts, finite numbers, booleans, null, lists and objects');
      return value;
    });
  } catch (error) {
    // A cycle, or too deep.
    throw error instanceof InvalidRequestError ? error : unusable('cannot be written as JSON');
  }
}

const UNWRITABLE: ReadonlySet<string> = new Set(['bigint', 'function', 'symbol']);

function unusable(fault: string): InvalidRequestError {
  return new InvalidRequestError(`claims ${fault}`, 422, [{ parameter: 'claims', message: fault }]);
}
