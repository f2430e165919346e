import type { FastauthErrorCode } from '../../errors.js';
import { AUTHENTICATE } from '../../wire/socket-events.js';

/** Why a socket that was let in has to go. */
export interface SocketEnding {
  /** Stable machine code: the reason of the close frame, or in the event that socket.io's clients get. */
  readonly code: FastauthErrorCode;
  /** What the last frame says. */
  readonly detail: string;
}

export const ENDINGS = {
  expired: { code: 'token_expired', detail: 'Disconnected: Access token expired' },
  masterExpired: { code: 'token_expired', detail: 'Disconnected: Master token expired' },
  /** The session goes on with another token, which was not presented in time. */
  refreshed: { code: 'token_superseded', detail: 'Disconnected: Access token superseded' },
  revoked: { code: 'session_revoked', detail: 'Disconnected: Session revoked' },
  /** A newer session of the client took its place. */
  gone: { code: 'session_superseded', detail: 'Disconnected: Session superseded' },
  goingAway: { code: 'shutting_down', detail: 'Disconnected: The server is shutting down' },
} as const satisfies Record<string, SocketEnding>;

/** What {@link ENDED} says. */
export function endedNotice({ code, detail }: SocketEnding): object {
  return { status: 'error', detail, code };
}

/** What {@link EXPIRING} says. */
export function expiringNotice(seconds: number): object {
  return {
    code: ENDINGS.refreshed.code,
    detail: `The access token was refreshed. Send the new one by "${AUTHENTICATE}".`,
    closes_in: seconds,
  };
}
