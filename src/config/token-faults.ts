import { isRestApi } from './database-url.js';
import type { SettingName } from './settings.js';

/** What is wrong with settings together, and which they are. */
interface SettingsFault {
  readonly fault: string;
  readonly settings: readonly SettingName[];
}

/** What is wrong with the settings of tokens together. */
export function tokenFaults(values: {
  readonly accessTokenProfile?: string | undefined;
  readonly tokenFormat?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | readonly string[] | undefined;
  readonly databaseApiUrl?: string | undefined;
  readonly databaseUrl?: string | undefined;
}): readonly SettingsFault[] {
  const { accessTokenProfile, tokenFormat, issuer, audience = [] } = values;
  const faults: SettingsFault[] = [];
  if (accessTokenProfile === 'at+jwt') {
    const profile = 'access-token-profile "at+jwt"';
    const settings = ['accessTokenProfile'] as const;
    if (issuer === undefined) faults.push({ fault: `${profile} needs issuer, for \`iss\``, settings });
    if (audience.length === 0) faults.push({ fault: `${profile} needs audience, for \`aud\``, settings });
    if (tokenFormat === 'opaque') {
      faults.push({
        fault: `${profile} is about JWTs, but token-format is "opaque"; choose one of them`,
        settings: [...settings, 'tokenFormat'],
      });
    }
  }
  if (isRestApi(values) && tokenFormat !== undefined && tokenFormat !== 'jwt') {
    faults.push({
      fault:
        `token-format ${JSON.stringify(tokenFormat)} does not go with the REST persistence API, which keeps nothing but tokens ` +
        'whose claims can be read; use "jwt" or another store',
      settings: ['tokenFormat', 'databaseApiUrl', 'databaseUrl'],
    });
  }
  return faults;
}
