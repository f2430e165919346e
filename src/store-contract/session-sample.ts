import { hash, randomBytes } from 'node:crypto';
import type {
  RefreshableSession,
  SessionRecord,
  SessionTokens,
  TokenPair,
} from '../sessions/session-record.js';

/** A session as a store gets it: the record, and the pair whose hashes it carries. */
export interface SessionSample {
  readonly record: RefreshableSession;
  readonly pair: TokenPair;
}

/** What a sample shall be; everything has a default. Times are epoch seconds. */
export type SessionSampleOptions = {
  readonly [
    Field in
      | 'clientId'
      | 'familyId'
      | 'createdAt'
      | 'accessExpiresAt'
      | 'refreshExpiresAt'
      | 'label'
      | 'sealedPair'
      | 'kid'
      | 'claims'
      | 'scope'
      | 'isBeginningUnknown'
  ]?: SessionRecord[Field] | undefined;
};

/** When samples are created unless they say otherwise (May 2033). */
export const SAMPLE_TIME = 2_000_000_000;

/** A fresh session with unsigned tokens: for tests of stores, which never verify. */
export function sessionSample(options: SessionSampleOptions = {}): SessionSample {
  const { clientId = randomId(), familyId = randomId(), createdAt = SAMPLE_TIME } = options;
  return withTokens({
    clientId,
    familyId,
    generation: 0,
    createdAt,
    accessExpiresAt: options.accessExpiresAt ?? createdAt + 100,
    refreshExpiresAt: options.refreshExpiresAt ?? createdAt + 1000,
    label: options.label,
    sealedPair: options.sealedPair,
    kid: options.kid,
    claims: options.claims,
    scope: options.scope,
    isBeginningUnknown: options.isBeginningUnknown,
  });
}

/** A fresh session that has no refresh token. */
export function accessOnlySample(options: SessionSampleOptions = {}): {
  readonly record: SessionRecord;
  readonly tokens: SessionTokens;
} {
  const { record, pair } = sessionSample(options);
  const { refreshHash: _hash, refreshExpiresAt: _expiresAt, ...accessOnly } = record;
  return { record: accessOnly, tokens: { accessToken: pair.accessToken } };
}

/** The session after a refresh at `rotatedAt`: what a store is asked to put in place of `current`. */
export function rotatedSample(current: SessionRecord, rotatedAt = current.createdAt + 10): SessionSample {
  return withTokens({
    ...current,
    generation: current.generation + 1,
    accessExpiresAt: Math.floor(rotatedAt) + 100,
    refreshExpiresAt: Math.floor(rotatedAt) + 1000,
    previousRefreshHash: current.refreshHash,
    rotatedAt,
    sealedPair: `sealed-${randomId()}`,
  });
}

function withTokens(session: Omit<RefreshableSession, 'accessHash' | 'refreshHash'>): SessionSample {
  const common = {
    client_id: session.clientId,
    fam: session.familyId,
    iat: Math.floor(session.rotatedAt ?? session.createdAt),
  };
  const { kid } = session;
  const accessToken = unsigned(kid, { ...common, type: 'access', exp: session.accessExpiresAt });
  const refreshToken = unsigned(kid, {
    ...common,
    type: 'refresh',
    gen: session.generation,
    exp: session.refreshExpiresAt,
  });
  return {
    record: { ...session, accessHash: digest(accessToken), refreshHash: digest(refreshToken) },
    pair: { accessToken, refreshToken },
  };
}

function unsigned(kid: string | undefined, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part({ ...claims, jti: randomId() })}.unsigned`;
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url');
}

function randomId(): string {
  return randomBytes(16).toString('base64url');
}
