import { createHash } from 'node:crypto';
import { LOCKS } from './migrations.js';
import type { ScopedDatabase } from './scope.js';

/** Waits until no other transaction holds the client, and holds it until this one ends. */
export async function lockClient({ db, dialect, scope }: ScopedDatabase, clientId: string): Promise<void> {
  const digest = createHash('sha256').update(scope.app).update('\0').update(clientId).digest();
  await db
    .updateTable('fastauth_locks')
    // A value that changes, since clusters that compare what was written do not see locks.
    .set({ taken: dialect.sql<number>`1 - taken` })
    .where('id', '=', digest.readUInt32BE() % LOCKS)
    .execute();
}
