/** Characters a client identifier may have at most. */
export const CLIENT_ID_MAX_LENGTH = 256;

// C0 and C1 controls, line separators, and lone surrogates, which have no UTF-8 form.
const FORBIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** What is wrong with this client identifier, or undefined if nothing is. */
export function clientIdFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be one text value';
  if (value.length === 0) return 'must not be empty';
  if (value.length > CLIENT_ID_MAX_LENGTH) return `must be at most ${CLIENT_ID_MAX_LENGTH} characters`;
  if (FORBIDDEN.test(value)) return 'must not contain control characters';
  return undefined;
}
