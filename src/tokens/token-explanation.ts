import type { FastauthConfig } from '../config/fastauth-config.js';
import { StoreUnavailableError } from '../errors.js';
import { isClientRegister } from '../sessions/client-register.js';
import { findSession } from '../sessions/legacy-family.js';
import { isRefreshable, sessionExpiresAt, type SessionRecord } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { TokenClaims, TokenType } from './token-claims.js';
import { TokenFault } from './token-fault.js';
import type { TokenVerifier } from './token-verifier.js';

/** What is decided about a token, in this order. */
const STEPS = [
  'form',
  'header',
  'key',
  'signature',
  'times',
  'type',
  'claims',
  'audience',
  'session',
] as const;
export type ExplainedStepName =
  (typeof STEPS)[number] | 'credential' | 'master token' | 'requirement' | 'verdict';

/** One decision. No text holds a token, a secret or a header's value. */
export interface ExplainedStep {
  readonly step: ExplainedStepName;
  readonly isPassed: boolean;
  readonly text: string;
  /** What to do, where it was not passed. */
  readonly remedy?: string | undefined;
}

/** The steps as they are shown to people, each on a line, and below it what to do. */
export function explanationLines(steps: readonly ExplainedStep[]): readonly string[] {
  const width = Math.max(...steps.map(({ step }) => step.length));
  return steps.flatMap(({ step, isPassed, text, remedy }) => [
    `${isPassed ? 'ok    ' : 'failed'}  ${step.padEnd(width)}  ${text}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 10)}→ ${remedy}`]),
  ]);
}

export interface ExplainTools {
  readonly verifier: TokenVerifier;
  readonly store: TokenStore;
  readonly config: Pick<FastauthConfig, 'refreshGrace' | 'familyMaxAge'>;
  /** Epoch seconds. */
  readonly now: number;
}

interface Explained {
  readonly step: (typeof STEPS)[number];
  readonly remedy: string;
}

const LOG_IN = 'The client logs in again.';
const EXPLAINED: ReadonlyMap<TokenFault, Explained> = new Map([
  [TokenFault.tooLong, { step: 'form', remedy: 'This is no token of fastauth.' }],
  [
    TokenFault.malformed,
    { step: 'form', remedy: 'This is no token of fastauth. A master token belongs in MASTER-TOKEN.' },
  ],
  [TokenFault.badHeader, { step: 'header', remedy: 'This is a token of something else.' }],
  [
    TokenFault.unknownKey,
    { step: 'key', remedy: 'Its key was retired, or is another deployment\'s: see "fastauth keys list".' },
  ],
  [
    TokenFault.badAlgorithm,
    { step: 'key', remedy: 'No key of the ring has its algorithm: see "fastauth keys list".' },
  ],
  [
    TokenFault.badSignature,
    { step: 'signature', remedy: 'It was signed with another cryptography-key, or altered on the way.' },
  ],
  [TokenFault.badPayload, { step: 'signature', remedy: 'Something else signed it with the same key.' }],
  [TokenFault.badExpiry, { step: 'times', remedy: 'Something else signed it with the same key.' }],
  [TokenFault.badTime, { step: 'times', remedy: 'Something else signed it with the same key.' }],
  [TokenFault.expired, { step: 'times', remedy: 'The client refreshes, or logs in again.' }],
  [TokenFault.notYetValid, { step: 'times', remedy: 'Set the clocks of the servers by NTP.' }],
  [
    TokenFault.wrongType,
    {
      step: 'type',
      remedy: 'Send the access token to routes, and the refresh token to the refresh endpoint.',
    },
  ],
  [TokenFault.noClientId, { step: 'claims', remedy: LOG_IN }],
  [TokenFault.badIdentifier, { step: 'claims', remedy: LOG_IN }],
  [
    TokenFault.wrongIssuer,
    { step: 'audience', remedy: 'Compare "issuer" with that of the server that issued it.' },
  ],
  [
    TokenFault.wrongAudience,
    { step: 'audience', remedy: 'Compare "audience" with that of the server that issued it.' },
  ],
  [
    TokenFault.wrongProfile,
    { step: 'audience', remedy: 'It is older than access-token-profile "at+jwt": the client refreshes.' },
  ],
]);

/**
 * What is decided about a token, step by step, up to the first that it does not pass.
 * @param type what it has to be; undefined: what it says
 */
export async function explainToken(
  token: string,
  type: TokenType | undefined,
  tools: ExplainTools,
): Promise<readonly ExplainedStep[]> {
  const claims = await tools.verifier.readToken(token, type);
  const decoded = await tools.verifier.decodeAny(token);
  const texts = decoded instanceof TokenFault ? {} : textsOf(decoded.payload);
  if (!(claims instanceof TokenFault)) {
    return [...passed(STEPS.length - 1, texts), await explainSession(token, claims, tools)];
  }
  const isOtherFormat = claims.kind === TokenFault.malformed && !(decoded instanceof TokenFault);
  const { step, remedy } = EXPLAINED.get(claims.kind) ?? { step: 'claims', remedy: LOG_IN };
  const text = [claims.reason, ...(texts[step] ? [texts[step]] : [])].join(': ');
  return [
    ...passed(STEPS.indexOf(step), texts),
    {
      step,
      isPassed: false,
      text: isOtherFormat ? 'It is written in a format that is not accepted' : text,
      remedy: isOtherFormat ? 'Name its format in accepted-token-formats.' : remedy,
    },
  ];
}

/** What a token whose signature holds says of itself, as far as that is told. */
function textsOf({
  type,
  client_id: clientId,
  iat,
  exp,
}: Readonly<Record<string, unknown>>): Partial<Record<string, string>> {
  const times = [
    ...(isShown(iat) ? [`issued ${dateOf(iat)}`] : []),
    ...(isShown(exp) ? [`expires ${dateOf(exp)}`] : []),
  ];
  return {
    times: times.join(', '),
    ...(type === 'access' || type === 'refresh'
      ? { type: `${type === 'access' ? 'an access' : 'a refresh'} token` }
      : {}),
    ...(typeof clientId === 'string' ? { claims: `of ${JSON.stringify(clientId)}` } : {}),
  };
}

function passed(count: number, texts: Partial<Record<string, string>>): readonly ExplainedStep[] {
  return STEPS.slice(0, count).map((step) => ({ step, isPassed: true, text: texts[step] || 'good' }));
}

async function explainSession(
  token: string,
  claims: TokenClaims,
  tools: ExplainTools,
): Promise<ExplainedStep> {
  try {
    const { store } = tools;
    const record = await findSession(store, claims, { fresh: true });
    if (record && record.clientId === claims.clientId) return judge(digestOf(token), claims, record, tools);
    if (isClientRegister(store) && !(await store.hasClient(claims.clientId))) {
      return failed('the persistence API does not know its client', LOG_IN);
    }
    return failed(
      'the store does not have its session: a newer login of the client took its place, or it has ended',
      `${LOG_IN} If the session should be there: are database-url and app-name those of the application?`,
    );
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return failed('the store does not answer', 'See "fastauth doctor".');
  }
}

function judge(
  digest: string,
  { type }: TokenClaims,
  record: SessionRecord,
  { config, now }: ExplainTools,
): ExplainedStep {
  if (record.revokedAt !== undefined) {
    return failed(`its session was revoked ${dateOf(record.revokedAt)}`, LOG_IN);
  }
  const since = record.rotatedAt === undefined ? '' : `, since ${dateOf(record.rotatedAt)}`;
  if (type === 'access') {
    return digest === record.accessHash
      ? good(`current; its session ends ${dateOf(sessionExpiresAt(record))}`)
      : failed(
          `its session goes on with a newer token${since}`,
          'The client sends the access token of its latest refresh.',
        );
  }
  if (digest === record.refreshHash && isRefreshable(record)) {
    return Math.floor(record.createdAt) + config.familyMaxAge > now
      ? good(`current; it can be refreshed until ${dateOf(record.refreshExpiresAt)}`)
      : failed('its session has reached family-max-age', LOG_IN);
  }
  const age = record.rotatedAgo ?? now - (record.rotatedAt ?? -Infinity);
  return digest === record.previousRefreshHash && age < config.refreshGrace
    ? good(`spent a moment ago: within refresh-grace it is answered with the same pair`)
    : failed(
        `it was refreshed before${since}; sending it ends the session`,
        'The client keeps the refresh token of each answer. If it did, somebody else has a copy: revoke the session.',
      );
}

function good(text: string): ExplainedStep {
  return { step: 'session', isPassed: true, text };
}

function failed(text: string, remedy: string): ExplainedStep {
  return { step: 'session', isPassed: false, text, remedy };
}

const LATEST_DATE = 8.64e12;

function isShown(time: unknown): time is number {
  return typeof time === 'number' && Math.abs(time) <= LATEST_DATE;
}

function dateOf(time: number): string {
  return new Date(time * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
