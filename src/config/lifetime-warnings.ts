import type { FastauthConfig } from './fastauth-config.js';

type Lifetime = 'accessTokenExpiresIn' | 'refreshTokenExpiresIn' | 'familyMaxAge';

/** Lifetimes of which one makes another one void: whoever set them meant something else. */
export function lifetimeWarnings({
  accessTokenExpiresIn: access,
  refreshTokenExpiresIn: refresh,
  familyMaxAge,
}: Pick<FastauthConfig, Lifetime>): readonly { warning: string; settings: readonly Lifetime[] }[] {
  const warnings: { warning: string; settings: readonly Lifetime[] }[] = [];
  if (familyMaxAge < access) {
    warnings.push({
      warning: `family-max-age (${familyMaxAge}) is shorter than access-token-expires-in (${access}): access tokens end after ${familyMaxAge} seconds`,
      settings: ['familyMaxAge', 'accessTokenExpiresIn'],
    });
  }
  if (refresh < access) {
    warnings.push({
      warning: `refresh-token-expires-in (${refresh}) is shorter than access-token-expires-in (${access}): who waits until the access token has ended cannot refresh it any more`,
      settings: ['refreshTokenExpiresIn', 'accessTokenExpiresIn'],
    });
  }
  return warnings;
}
