import type { CryptographyKeyEntry } from './key-entries.js';
import type { MasterTokenEntry } from './master-token-entries.js';
import { isSecretHash, isStockText } from './secret-faults.js';

type SecretSetting = 'masterToken' | 'masterTokens' | 'cryptographyKey' | 'cryptographyKeys';

/** Secrets as they were written. */
interface WrittenSecrets {
  readonly masterToken?: string | undefined;
  readonly masterTokens?: readonly MasterTokenEntry[] | undefined;
  readonly cryptographyKey?: string | undefined;
  readonly cryptographyKeys?: readonly CryptographyKeyEntry[] | undefined;
}

/** Tells of a setting as it was written, and where. */
type Tell = (sentence: string, setting: SecretSetting) => string;

interface PlainSecret {
  readonly place: string;
  readonly text: string;
  readonly setting: SecretSetting;
}

/** Characters that a master token should have, and those without which any secret is found by trying. */
const MASTER_TOKEN_LENGTH = 16;
const TRIED_LENGTH = 8;
const HOW_TO_MAKE_ONE = 'make one with "npx fastauth keys generate --print"';

/** Master tokens that are short. */
export function guessableTokenWarnings(values: WrittenSecrets, tell: Tell): string[] {
  return masterTokensOf(values)
    .filter(({ text }) => text.length < MASTER_TOKEN_LENGTH)
    .map(({ place, setting }) =>
      tell(
        `${place} is shorter than ${MASTER_TOKEN_LENGTH} characters and can be guessed; ${HOW_TO_MAKE_ONE}`,
        setting,
      ),
    );
}

/**
 * Secrets such as `secret`, `admin` or `changeme1`, and those of a few characters. They may do while an application is
 * written; with `NODE_ENV=production` it does not start.
 */
export function guessableSecretFaults(values: WrittenSecrets, tell: Tell): string[] {
  const { cryptographyKey, cryptographyKeys = [] } = values;
  const keys: readonly PlainSecret[] = [
    ...(cryptographyKey === undefined
      ? []
      : [{ place: 'cryptography-key', text: cryptographyKey, setting: 'cryptographyKey' as const }]),
    ...cryptographyKeys.flatMap(({ kid, secret }, index) =>
      secret === undefined
        ? []
        : [
            {
              place: `cryptography-keys ${kid === undefined ? `[${index}]` : JSON.stringify(kid)}`,
              text: secret,
              setting: 'cryptographyKeys' as const,
            },
          ],
    ),
  ];
  return [...masterTokensOf(values), ...keys]
    .filter(({ text }) => text.length < TRIED_LENGTH || isStockText(text))
    .map(({ place, setting }) =>
      tell(
        `${place} is a text that anybody would guess, which is refused in production (NODE_ENV); ${HOW_TO_MAKE_ONE}`,
        setting,
      ),
    );
}

function masterTokensOf({ masterToken, masterTokens = [] }: WrittenSecrets): readonly PlainSecret[] {
  const single =
    masterToken === undefined
      ? []
      : [{ place: 'master-token', text: masterToken, setting: 'masterToken' as const }];
  const listed = masterTokens.flatMap(({ name, token }) =>
    token === undefined
      ? []
      : [{ place: `master-tokens ${JSON.stringify(name)}`, text: token, setting: 'masterTokens' as const }],
  );
  return [...single, ...listed].filter(({ text }) => !isSecretHash(text));
}
