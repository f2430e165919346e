import type { KeyUse } from '../../sessions/token-store.js';
import type { ScopedDatabase } from './scope.js';
import { textOf } from './tables.js';

/** Which keys signed the tokens of the sessions that can be used. */
export async function sqlKeyUse({ db, scope }: ScopedDatabase, now: number): Promise<readonly KeyUse[]> {
  const rows = await db
    .selectFrom('fastauth_sessions')
    .select((eb) => ['kid', eb.fn.countAll().as('sessions'), eb.fn.max('expires_at').as('until')])
    .where('app', '=', scope.app)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>=', now)
    .groupBy('kid')
    .execute();
  return rows.map(({ kid, sessions, until }) => ({
    kid: kid === null ? undefined : textOf(kid),
    sessions: Number(sessions),
    until: Number(until),
  }));
}
