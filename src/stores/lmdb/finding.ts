import { LRUCache } from 'lru-cache';
import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import { decodeSessionRecord, trailerOf } from '../session-record.codec.js';
import type { LmdbFiles } from './files.js';
import { sessionKeyBytes } from './keys.js';
import { MOMENT_BYTES, secondsSince } from './moment.js';
import { readBytes } from './records.js';

/** A session, and the moment it was rotated at. */
interface FoundSession {
  readonly record: SessionRecord;
  readonly moment: Buffer | undefined;
}

/** A session as it was at a commit. */
interface KeptSession extends FoundSession {
  readonly commit: number;
}

/** Finds sessions. What was read is used again until the number of the latest commit says that some process has written. */
export class LmdbSessionFinder {
  readonly #kept: LRUCache<string, KeptSession> | undefined;

  /** @param max how many sessions are kept */
  constructor(max: number) {
    this.#kept = max > 0 ? new LRUCache({ max }) : undefined;
  }

  find(files: LmdbFiles, key: SessionKey, familyId: string): SessionRecord | undefined {
    return this.#found(files, key, familyId)?.record;
  }

  /** Also tells how long ago the session was rotated. */
  findFresh(files: LmdbFiles, key: SessionKey, familyId: string): SessionRecord | undefined {
    const { record, moment } = this.#found(files, key, familyId) ?? {};
    return record && moment ? { ...record, rotatedAgo: secondsSince(moment) } : record;
  }

  #found(files: LmdbFiles, key: SessionKey, familyId: string): FoundSession | undefined {
    // Looked at before the session is read: what is read is then at least as new as this says.
    const commit = files.commits?.latest();
    const kept = this.#kept?.get(familyId);
    if (kept !== undefined && kept.commit === commit && kept.record.clientId === key.clientId) return kept;
    const bytes = latestBytes(files, key);
    if (bytes === undefined) return undefined;
    const record = decodeSessionRecord(bytes, key.clientId, familyId);
    const moment = trailerOf(bytes, MOMENT_BYTES);
    if (commit !== undefined) this.#kept?.set(familyId, { record, moment, commit });
    return { record, moment };
  }

  clear(): void {
    this.#kept?.clear();
  }
}

function latestBytes(files: LmdbFiles, key: SessionKey): Buffer | undefined {
  const sessionKey = sessionKeyBytes(key);
  if (sessionKey === undefined) return undefined;
  // lmdb keeps a snapshot until the timers run: without this, up to a millisecond of other processes' writes
  // would be missed. It costs 0.3 µs.
  files.sessions.resetReadTxn();
  return readBytes(files, sessionKey);
}
