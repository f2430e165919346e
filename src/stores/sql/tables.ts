import type { Selectable } from 'kysely';
import { StoreUnavailableError } from '../../errors.js';
import {
  isRefreshable,
  sessionExpiresAt,
  type SessionKey,
  type SessionRecord,
} from '../../sessions/session-record.js';

/**
 * The tables. Texts are kept as their UTF-8 bytes, so that identifiers are compared byte by byte whatever the
 * database's encoding and collation are; times are epoch seconds as doubles, so that every number comes back exactly.
 */
export interface SqlTables {
  fastauth_sessions: SessionsTable;
  fastauth_removals: RemovalsTable;
  /** Since version 6 of the tables. */
  fastauth_last_uses: UsesTable;
  fastauth_locks: LocksTable;
  fastauth_schema: SchemaTable;
  fastauth_clients: ClientsTable;
  fastauth_used: UsedTable;
}

/** One row a session; the key is (app, client_id, family_id). */
interface SessionsTable {
  app: Buffer;
  client_id: Buffer;
  family_id: Buffer;
  generation: number;
  access_hash: Buffer;
  access_expires_at: number;
  /** Empty for a session that has no refresh token. */
  refresh_hash: Buffer;
  refresh_expires_at: number;
  previous_refresh_hash: Buffer | null;
  rotated_at: number | null;
  sealed_pair: Buffer | null;
  created_at: number;
  revoked_at: number | null;
  label: Buffer | null;
  kid: Buffer | null;
  claims: Buffer | null;
  /** Since version 3 of the tables. */
  scope?: Buffer | null;
  /** 1 where it is; null where it is known. Since version 7 of the tables. */
  beginning_unknown?: number | null;
  /** The latest of the two expiries. */
  expires_at: number;
  /** When the session was last rotated or revoked by the database's clock, and by which store object. */
  changed_at: number | null;
  changed_by: Buffer | null;
}

/** Sessions that have left, for a while, so that other processes hear of it. */
interface RemovalsTable {
  app: Buffer;
  client_id: Buffer;
  family_id: Buffer;
  changed_at: number;
  changed_by: Buffer;
}

/** When sessions were last used: apart, since what is written often must not touch what refreshes compare and swap. */
interface UsesTable {
  app: Buffer;
  client_id: Buffer;
  family_id: Buffer;
  used_at: number;
}

/** Rows to lock, so that inserts of one client come one after the other. */
interface LocksTable {
  id: number;
  taken: number;
}

/** One row a client with credentials of its own; the key is (app, client_id). Since version 5 of the tables. */
interface ClientsTable {
  app: Buffer;
  client_id: Buffer;
  revision: Buffer;
  client: Buffer;
}

/** What was used once, until it expires. Since version 5 of the tables. */
interface UsedTable {
  app: Buffer;
  id: Buffer;
  expires_at: number;
}

interface SchemaTable {
  version: number;
  migrated_at: number;
}

export type SessionRow = Selectable<SessionsTable>;
export type NewSessionRow = ReturnType<typeof rowOf>;

/** Bytes of a client identifier: 256 characters take at most 768. */
export const CLIENT_ID_BYTES = 1024;
export const FAMILY_ID_BYTES = 128;
const DIGEST_BYTES = 32;
/** In place of the refresh token's, where there is none. */
export const NO_HASH = Buffer.alloc(0);

/** What drivers answer with, in place of the Buffer that they are given. */
type Bytes = Uint8Array | ArrayBuffer;

/** The row's key, without the application. */
export interface RowKey {
  readonly client_id: Buffer;
  readonly family_id: Buffer;
}

/** The key of a row that was read, as a statement takes it. */
export function rowKeyFrom(row: RowKey): RowKey {
  return { client_id: asBuffer(row.client_id), family_id: asBuffer(row.family_id) };
}

/** @returns undefined for an identifier that is too long or has no exact UTF-8 form: no session can have it */
export function storableId(id: string, bytes: number): Buffer | undefined {
  const stored = Buffer.from(id);
  return stored.length <= bytes && stored.toString() === id ? stored : undefined;
}

/** @returns undefined where no session can have such a key */
export function storableKey({ clientId, familyId }: SessionKey): RowKey | undefined {
  const client_id = storableId(clientId, CLIENT_ID_BYTES);
  const family_id = familyId === undefined ? undefined : storableId(familyId, FAMILY_ID_BYTES);
  return client_id && family_id && { client_id, family_id };
}

/** @throws RangeError for identifiers that cannot be stored exactly; the token endpoints refuse them before */
export function rowKeyOf(record: SessionRecord): RowKey {
  const key = storableKey(record);
  if (!key) throw new RangeError('The client identifier is too long or not well-formed Unicode.');
  return key;
}

export function sessionKeyOf({ client_id, family_id }: RowKey): SessionKey {
  return { clientId: textOf(client_id), familyId: textOf(family_id) };
}

/** The keys of sessions that are stored. */
export function rowKeysOf(keys: readonly SessionKey[]): readonly RowKey[] {
  return keys.map(({ clientId, familyId = '' }) => ({
    client_id: Buffer.from(clientId),
    family_id: Buffer.from(familyId),
  }));
}

/**
 * A session as a row, without the application.
 * @throws RangeError as {@link rowKeyOf}
 * @throws TypeError when a hash is not the SHA-256 that {@link SessionRecord} promises
 */
export function rowOf(record: SessionRecord) {
  return {
    ...rowKeyOf(record),
    generation: record.generation,
    access_hash: digestBytes(record.accessHash),
    access_expires_at: record.accessExpiresAt,
    refresh_hash: isRefreshable(record) ? digestBytes(record.refreshHash) : NO_HASH,
    refresh_expires_at: record.refreshExpiresAt ?? record.accessExpiresAt,
    previous_refresh_hash:
      record.previousRefreshHash === undefined ? null : digestBytes(record.previousRefreshHash),
    rotated_at: record.rotatedAt ?? null,
    sealed_pair: textBytes(record.sealedPair),
    created_at: record.createdAt,
    revoked_at: record.revokedAt ?? null,
    label: textBytes(record.label),
    kid: textBytes(record.kid),
    claims: textBytes(record.claims),
    // Tables of before have no column for it.
    ...(record.scope === undefined ? {} : { scope: textBytes(record.scope) }),
    ...(record.isBeginningUnknown ? { beginning_unknown: 1 } : {}),
    expires_at: sessionExpiresAt(record),
  };
}

/** @throws StoreUnavailableError when the row holds what no store of ours wrote */
export function recordOf(row: SessionRow, clientId: string): SessionRecord {
  const hasRefresh = asBuffer(row.refresh_hash).length > 0;
  return {
    clientId,
    familyId: textOf(row.family_id),
    generation: row.generation,
    accessHash: digestOf(row.access_hash),
    accessExpiresAt: row.access_expires_at,
    refreshHash: hasRefresh ? digestOf(row.refresh_hash) : undefined,
    refreshExpiresAt: hasRefresh ? row.refresh_expires_at : undefined,
    previousRefreshHash: row.previous_refresh_hash === null ? undefined : digestOf(row.previous_refresh_hash),
    rotatedAt: row.rotated_at ?? undefined,
    sealedPair: textOrUndefined(row.sealed_pair),
    createdAt: row.created_at,
    isBeginningUnknown: row.beginning_unknown ? true : undefined,
    revokedAt: row.revoked_at ?? undefined,
    label: textOrUndefined(row.label),
    kid: textOrUndefined(row.kid),
    claims: textOrUndefined(row.claims),
    scope: textOrUndefined(row.scope),
  };
}

/** None for a damaged one, which nobody can use. */
export function readableRecordOf(row: SessionRow): readonly SessionRecord[] {
  try {
    return [recordOf(row, textOf(row.client_id))];
  } catch (error) {
    if (error instanceof StoreUnavailableError) return [];
    throw error;
  }
}

export function textOf(bytes: Bytes): string {
  return asBuffer(bytes).toString();
}

function textOrUndefined(bytes: Bytes | null | undefined): string | undefined {
  return bytes === null || bytes === undefined ? undefined : textOf(bytes);
}

function digestBytes(hash: string): Buffer {
  const bytes = Buffer.from(hash, 'base64url');
  if (bytes.length !== DIGEST_BYTES || bytes.toString('base64url') !== hash) {
    throw new TypeError('A session record needs SHA-256 hashes as base64url without padding.');
  }
  return bytes;
}

function digestOf(bytes: Bytes): string {
  const digest = asBuffer(bytes);
  if (digest.length !== DIGEST_BYTES)
    throw new StoreUnavailableError('A session in the token store is damaged.');
  return digest.toString('base64url');
}

export function textBytes(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

function asBuffer(bytes: Bytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes as ArrayBuffer);
}
