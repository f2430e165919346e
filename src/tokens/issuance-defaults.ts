import type { JsonObject } from '../config/strict-json.js';

/** What pairs get that `issue` is not told otherwise. Durations are seconds. */
export interface IssuanceDefaults {
  readonly accessTokenExpiresIn?: number | undefined;
  readonly refreshTokenExpiresIn?: number | undefined;
  /** Claims of your own; those given to `issue` come first. */
  readonly claims?: JsonObject | undefined;
}

/** Lifetimes and claims per client, looked up whenever a pair is issued; a refreshed pair keeps what it has. */
export type IssuanceDefaultsOf = (client: {
  readonly clientId: string;
  readonly label: string | undefined;
}) => IssuanceDefaults | Promise<IssuanceDefaults>;

/** Injection token of an {@link IssuanceDefaultsOf}; none, unless registered. */
export const ISSUANCE_DEFAULTS = Symbol('ISSUANCE_DEFAULTS');
