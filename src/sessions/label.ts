import { InvalidRequestError } from '../errors.js';

/** Characters a session's label may have at most. */
export const LABEL_MAX_LENGTH = 256;

// C0 and C1 controls, line separators, and lone surrogates, which have no UTF-8 form.
const FORBIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** @throws InvalidRequestError if it is too long, or holds control characters */
export function assertLabel(label: string | undefined): void {
  if (label === undefined) return;
  const fault =
    typeof label !== 'string'
      ? 'must be one text value'
      : label.length > LABEL_MAX_LENGTH
        ? `must be at most ${LABEL_MAX_LENGTH} characters`
        : FORBIDDEN.test(label)
          ? 'must not contain control characters'
          : undefined;
  if (fault) throw new InvalidRequestError(`label ${fault}`, 422, [{ parameter: 'label', message: fault }]);
}
