import type { RingKey } from '../keys/ring-key.js';
import { type FastauthConfig, originOf } from './fastauth-config.js';
import { CHANGE_THE_TOKEN, placeOf, settingOf, sha256 } from './master-token-entries.js';
import { kebabCase } from './name-case.js';

/** Which of the tokens is the text of a secret in the key ring. */
export function masterTokenKeyFaults(config: FastauthConfig, keys: readonly RingKey[]): string[] {
  const texts = keys.flatMap(({ acceptingKey }) =>
    acceptingKey.type === 'secret' ? [acceptingKey.export(), ...base64Forms(acceptingKey.export())] : [],
  );
  const hashes = new Set(texts.map(sha256));
  return config.masterTokens
    .filter(({ hash }) => hashes.has(hash))
    .map((token) => {
      const origin = originOf(config, settingOf(token));
      const written = /^"(.+?)"/.exec(origin ?? '')?.[1] ?? kebabCase(settingOf(token));
      return (
        `${placeOf(token).replace(/^[\w-]+/, written)} is one of the cryptography keys: whoever may call master routes could then ` +
        `forge any token. ${CHANGE_THE_TOKEN}${origin === undefined ? '' : `; set by ${origin}`}`
      );
    });
}

/** How a secret of bytes is written down as text, with padding and without. */
function base64Forms(bytes: Buffer): readonly string[] {
  const padding = '='.repeat((3 - (bytes.length % 3)) % 3);
  return ['base64', 'base64url'].flatMap((encoding) => {
    const text = bytes.toString(encoding as BufferEncoding).replace(/=+$/, '');
    return [text, text + padding];
  });
}
