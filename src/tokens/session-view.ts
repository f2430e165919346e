import type { Session } from './issued-tokens.js';

/** A session as operators are told of it, by the command and the console. */
export function sessionView(session: Session) {
  return {
    client_id: session.clientId,
    session: session.familyId,
    label: session.label,
    created_at: session.createdAt,
    refreshed_at: session.refreshedAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
  };
}
