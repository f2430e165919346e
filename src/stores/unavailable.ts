import { StoreUnavailableError } from '../errors.js';

/**
 * The fault of a store that cannot be used for now.
 * @param reason why, for operators: no full stop, no token, no password
 * @param answered whether the backend is in order, and refused this one call
 */
export function unavailable(reason: string, answered = false): StoreUnavailableError {
  return new StoreUnavailableError(
    `The token store is not available: ${reason}. Try again later.`,
    undefined,
    answered ? { answered } : undefined,
  );
}
