import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { StoreUnavailableError } from '../../errors.js';
import { LEGACY_FAMILY_ID } from '../../sessions/legacy-family.js';
import { isLaterState } from '../../sessions/live-sessions.js';
import type { RefreshableSession, SessionKey, TokenPair } from '../../sessions/session-record.js';

/** Clients whose session is remembered. */
const REMEMBERED_CLIENTS = 1000;

/**
 * Reads answers as {@link sessionOfAnswer} does, without reading again what tokens say of themselves that are those of
 * the last time. What is remembered has their digests, and no token.
 */
export class SessionReader {
  readonly #read = new LRUCache<string, RefreshableSession>({ max: REMEMBERED_CLIENTS });

  read(text: string, clientId: string): RefreshableSession | undefined {
    const pair = pairOfAnswer(text, clientId);
    if (pair === undefined) return undefined;
    const hashes = hashesOf(pair);
    const known = this.#read.get(clientId);
    if (known?.accessHash === hashes.accessHash && known.refreshHash === hashes.refreshHash) {
      return { ...known, plainPair: pair };
    }
    const session = sessionOfPair(pair, clientId, hashes);
    this.#read.set(clientId, { ...session, plainPair: undefined });
    return session;
  }
}

type Json = { readonly [name: string]: unknown };

/**
 * Reads an answer of the persistence API as the session it stands for. Tokens that are null, empty or missing are
 * no session, which is how the original and we revoke.
 * @throws StoreUnavailableError when the answer is no such record, or another client's
 */
export function sessionOfAnswer(text: string, clientId: string): RefreshableSession | undefined {
  const pair = pairOfAnswer(text, clientId);
  return pair && sessionOfPair(pair, clientId);
}

function pairOfAnswer(text: string, clientId: string): TokenPair | undefined {
  const answer = readAnswer(text);
  for (const owner of answer.owners) {
    if (owner !== undefined && owner !== clientId) throw unusable("is another client's");
  }
  return answer.pair;
}

/**
 * Reads a record that may be the client's, or another one's: it is the client's if both tokens say so, and are the
 * original's.
 * @throws StoreUnavailableError when the answer is no such record
 */
export function sessionUnderOtherName(text: string, clientId: string): RefreshableSession | undefined {
  const { pair } = readAnswer(text);
  if (pair === undefined) return undefined;
  const claims = [pair.accessToken, pair.refreshToken].map(unverifiedClaims);
  const isOfPython = claims.every(({ client_id, fam }) => client_id === clientId && fam === undefined);
  return isOfPython ? sessionOfPair(pair, clientId) : undefined;
}

/** A client's session, if it is the one that is meant. */
export function ofFamily({ familyId }: SessionKey, session: RefreshableSession | undefined) {
  return familyId === undefined || familyId === session?.familyId ? session : undefined;
}

/** Whether a session is later than the one that is stored for its client. */
export function isLaterSession(record: RefreshableSession, stored: RefreshableSession): boolean {
  if (stored.familyId === record.familyId) return isLaterState(record, stored);
  return (record.rotatedAt ?? record.createdAt) > (stored.rotatedAt ?? stored.createdAt);
}

interface RestAnswer {
  readonly pair: TokenPair | undefined;
  /** Whose record it says that it is, where it does. */
  readonly owners: readonly unknown[];
}

function readAnswer(text: string): RestAnswer {
  const answer = parse(text);
  if (!isJson(answer)) throw unusable('is not a JSON object');
  const data = answer['data'] ?? {};
  if (!isJson(data)) throw unusable('holds no data object');
  const accessToken = tokenOf(data['access_token']);
  const refreshToken = tokenOf(data['refresh_token']);
  const isOpen = accessToken !== undefined && refreshToken !== undefined;
  return {
    pair: isOpen ? { accessToken, refreshToken } : undefined,
    owners: [answer['client_id'], data['client_id']],
  };
}

/** What the tokens say of themselves. Nothing is verified here: whoever presents a token has it verified first. */
function sessionOfPair(pair: TokenPair, clientId: string, hashes = hashesOf(pair)): RefreshableSession {
  const access = unverifiedClaims(pair.accessToken);
  const refresh = unverifiedClaims(pair.refreshToken);
  for (const { client_id: owner } of [access, refresh]) {
    if (owner !== undefined && owner !== clientId) throw unusable("holds another client's tokens");
  }
  const { fam, gen, scope } = refresh;
  const issuedAt = timeOf(refresh['iat']);
  const generation = typeof gen === 'number' && Number.isSafeInteger(gen) && gen > 0 ? gen : 0;
  return {
    clientId,
    familyId: typeof fam === 'string' && fam !== '' ? fam : LEGACY_FAMILY_ID,
    generation,
    accessHash: hashes.accessHash,
    accessExpiresAt: timeOf(access['exp']),
    refreshHash: hashes.refreshHash,
    refreshExpiresAt: timeOf(refresh['exp']),
    rotatedAt: generation > 0 ? issuedAt : undefined,
    createdAt: issuedAt,
    kid: kidOf(pair.accessToken),
    scope: typeof scope === 'string' ? scope : undefined,
    plainPair: pair,
  };
}

function tokenOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw unusable('holds a token that is not text');
  return value;
}

function kidOf(token: string): string | undefined {
  const { kid } = unverifiedPart(token, 0);
  return typeof kid === 'string' ? kid : undefined;
}

function unverifiedClaims(token: string): Json {
  return unverifiedPart(token, 1);
}

function unverifiedPart(token: string, index: 0 | 1): Json {
  const part = parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
  return isJson(part) ? part : {};
}

function timeOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashesOf({ accessToken, refreshToken }: TokenPair) {
  return { accessHash: digest(accessToken), refreshHash: digest(refreshToken) };
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url');
}

function unusable(what: string): StoreUnavailableError {
  return new StoreUnavailableError(`The persistence API's record ${what}.`, undefined, { answered: true });
}
