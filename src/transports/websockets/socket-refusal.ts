import { denialBody, DENIALS, type Denial } from '../../access/denial.js';
import type { FastauthErrorCode } from '../../errors.js';
import { INTERNAL_ERROR, POLICY_VIOLATION, TRY_AGAIN_LATER } from '../../wire/close-code.js';

/** The one text frame that a refused socket gets. */
export interface RefusalFrame {
  readonly status: 'error';
  readonly detail: string;
}

/** What the client gets for a message that is refused. */
export class MessageRefusal {
  readonly status = 'error';
  readonly detail: string;
  readonly code: FastauthErrorCode;

  constructor(denial: Denial) {
    const { detail, code } = denialBody(denial);
    this.detail = detail;
    this.code = code;
  }
}

/** Too many handshakes wait for keys that are being read again. */
export const KEYS_AWAITED: Denial = Object.freeze({
  denied: true,
  status: 503,
  code: 'store_unavailable',
  detail: 'The keys are being read again. Try again later.',
  retryAfter: 1,
});

/** Something failed that nobody foresaw, such as a store of the application's own that throws what it should not. */
export const UNFORESEEN: Denial = Object.freeze({
  denied: true,
  status: 500,
  code: 'internal_error',
  detail: 'The handshake could not be verified',
});

/** Python's texts, the misspelling of one of them mended. */
export function refusalFrame(denial: Denial): RefusalFrame {
  return { status: 'error', detail: `Disconnected: ${reasonOf(denial)}` };
}

/** With which code a socket is closed for this denial. */
export function closeCodeOf({ status }: Denial): number {
  if (status === 503) return TRY_AGAIN_LATER;
  return status === 500 ? INTERNAL_ERROR : POLICY_VIOLATION;
}

function reasonOf(denial: Denial): string {
  const { detail } = DENIALS.noMasterToken;
  if (denial.detail === detail) return detail;
  return denial.status === 401 || denial.status === 429 ? 'Unauthorized ACCESS-TOKEN' : denial.detail;
}
