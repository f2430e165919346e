import { isTime } from '../clock.js';
import { InvalidRequestError } from '../errors.js';
import type { SessionKey } from './session-record.js';
import type { RevokeFilter } from './token-store.js';

const FILTERS: ReadonlySet<string> = new Set(['exceptFamilyId', 'issuedBefore']);

/**
 * A filter as it was meant: one that is misspelt would end all sessions, one of another type none, both in silence.
 * @throws TypeError it cannot be one
 */
export function revokeFilter(filter: RevokeFilter = {}): RevokeFilter {
  const unknown = Object.keys(filter).find((name) => !FILTERS.has(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `${JSON.stringify(unknown)} is no filter; there are exceptFamilyId and issuedBefore.`,
    );
  }
  const { exceptFamilyId, issuedBefore } = filter;
  if (exceptFamilyId !== undefined && typeof exceptFamilyId !== 'string') {
    throw new TypeError('exceptFamilyId is the text of a family identifier, or undefined.');
  }
  if (issuedBefore === undefined) return { exceptFamilyId };
  if (!isTime(issuedBefore)) {
    throw new TypeError('issuedBefore is a time in epoch seconds: not a Date, a text, or milliseconds.');
  }
  // Sessions begin at whole seconds, and stores compare whole numbers.
  return { exceptFamilyId, issuedBefore: Math.ceil(issuedBefore) };
}

/** @throws InvalidRequestError it names no client, such as that of a principal that only a master token made */
export function assertNamesClient({ clientId, familyId }: SessionKey): void {
  if (typeof clientId !== 'string' || clientId === '') throw fault('client_id', 'must be one text value');
  if (familyId !== undefined && typeof familyId !== 'string')
    throw fault('familyId', 'must be one text value');
}

/** @throws InvalidRequestError it names no family, so that it is nobody's session */
export function assertNamesFamily({ familyId }: SessionKey): void {
  if (familyId === undefined)
    throw fault('familyId', 'must be one text value; revokeClient() ends all sessions of a client');
}

function fault(parameter: string, message: string): InvalidRequestError {
  return new InvalidRequestError(`${parameter} ${message}`, 422, [{ parameter, message }]);
}
