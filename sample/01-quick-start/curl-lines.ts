import { masterTokenOf, tokenOf } from '../first-start.js';
import { ENV_FILE } from './settings.js';

/** Three lines to paste into a shell. */
export function curlLines(url: string): string[] {
  return [
    `TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}") && echo "$TOKENS"`,
    `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`,
    `curl -s -X POST '${url}/auth/token/refresh' -d "refresh_token=${tokenOf('refresh_token')}"`,
  ];
}
