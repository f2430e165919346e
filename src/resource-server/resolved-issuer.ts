import { ConfigError } from '../errors.js';
import { issuerUrlFault } from './issuer-url.js';
import { StoreFaultLog } from '../stores/store-fault-log.js';
import type { ClaimRules } from './claim-rules.js';
import type { ClaimMapper, IntrospectionOptions, TrustedIssuer } from './trusted-issuer.js';

/** Seconds. */
const TIMEOUT = 3;
const MOST_TIMEOUT = 60;
const CACHE_FOR = 10;
const MOST_CACHE_FOR = 3600;

/** {@link IntrospectionOptions} with their defaults. */
export interface ResolvedIntrospection extends IntrospectionOptions {
  readonly cacheFor: number;
}

/** A {@link TrustedIssuer} that was checked, with its defaults. */
export interface ResolvedIssuer extends ClaimRules, Pick<TrustedIssuer, 'jwksUri' | 'map'> {
  readonly introspection: ResolvedIntrospection | undefined;
  readonly timeout: number;
}

/** @throws ConfigError naming every fault */
export function resolveIssuers(issuers: readonly TrustedIssuer[], clockTolerance: number): ResolvedIssuer[] {
  const faults = issuers.flatMap((issuer, index) => {
    const place = issuers.length === 1 ? '' : `issuers[${index}].`;
    return issuerFaults(issuer).map((fault) => place + fault);
  });
  if (issuers.length === 0) faults.push('issuer is not set; name the issuer whose tokens are accepted');
  const names = issuers.map(({ issuer }) => issuer);
  for (const name of new Set(names.filter((issuer, index) => names.indexOf(issuer) !== index)))
    faults.push(
      `issuers names ${JSON.stringify(name)} more than once; give it one entry with all its audiences`,
    );
  if (faults.length > 0) throw new ConfigError(faults);
  return issuers.map((issuer) => resolved(issuer, clockTolerance));
}

function issuerFaults(given: TrustedIssuer): string[] {
  const { issuer, jwksUri, introspection, audience, map, timeout = TIMEOUT } = given;
  const faults: string[] = [];
  const check = (name: string, fault: string | undefined): void => {
    if (fault !== undefined) faults.push(`${name} ${fault}`);
  };
  check(
    'issuer',
    issuerUrlFault(issuer) ?? (issuer.includes('?') ? 'has a query; an issuer has none' : undefined),
  );
  if (jwksUri !== undefined) check('jwksUri', issuerUrlFault(jwksUri));
  if (jwksUri !== undefined && introspection !== undefined)
    faults.push('jwksUri and introspection are two ways of verifying tokens; leave one of them out');
  if (audience === undefined && introspection === undefined)
    faults.push(
      'audience is not set: tokens for other services would be accepted; set what `aud` names this one by',
    );
  if (audience !== undefined && !audienceIsOne(audience))
    faults.push('audience must be text, or a list of texts with at least one');
  if (map !== undefined && typeof map !== 'function') faults.push('map must be a function');
  check('timeout', secondsFault(timeout, 0.01, MOST_TIMEOUT));
  if (introspection !== undefined) {
    const { clientId, clientSecret, endpoint, cacheFor = CACHE_FOR } = introspection;
    for (const [name, value] of Object.entries({ clientId, clientSecret })) {
      if (typeof value !== 'string' || value === '') faults.push(`introspection.${name} is not set`);
    }
    if (endpoint !== undefined) check('introspection.endpoint', issuerUrlFault(endpoint));
    check('introspection.cacheFor', secondsFault(cacheFor, 0, MOST_CACHE_FOR));
  }
  return faults;
}

function audienceIsOne(audience: unknown): boolean {
  const names: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return names.length > 0 && names.every((name) => typeof name === 'string' && name.trim() !== '');
}

function secondsFault(value: unknown, least: number, most: number): string | undefined {
  const isOne = typeof value === 'number' && value >= least && value <= most;
  return isOne ? undefined : `must be a number of seconds from ${least} to ${most}`;
}

function resolved(given: TrustedIssuer, clockTolerance: number): ResolvedIssuer {
  const { issuer, jwksUri, introspection, audience = [], map, timeout = TIMEOUT } = given;
  return {
    issuer,
    audience: typeof audience === 'string' ? [audience] : [...audience],
    clockTolerance,
    jwksUri,
    introspection: introspection && {
      ...introspection,
      cacheFor: introspection.cacheFor ?? CACHE_FOR,
    },
    map: map && contained(map, new StoreFaultLog(`The map of ${issuer}`)),
    timeout,
  };
}

/** What it throws, or cannot answer at once, refuses the token: no claim of a stranger's may end the process. */
function contained(map: ClaimMapper, log: StoreFaultLog): ClaimMapper {
  return (claims) => {
    try {
      const identity: unknown = map(claims);
      if (!(identity instanceof Promise)) return identity as ReturnType<ClaimMapper>;
      identity.catch(() => undefined);
      log.tell('it answers with a promise; its tokens are refused');
    } catch (error) {
      log.tell(`${error instanceof Error ? error.name : 'it threw'}; the token is refused`);
    }
    return undefined;
  };
}
