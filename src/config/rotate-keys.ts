import { ALGORITHMS, type AlgorithmName, type KeyUse } from '../keys/algorithms.js';
import { derivedEncryptionKey } from '../keys/derived-key.js';
import { generateJwk } from '../keys/generate-key.js';
import { withKey, withoutRetired, type KeySetDocument } from '../keys/key-set-document.js';
import { issuingKeyOf, type ListedKey } from '../keys/listed-key.js';
import type { KeySetFile } from './key-set-file.js';

/** Seconds for which others may keep our JWK Set, and so for which a new key is known before it signs. */
export const DEFAULT_NOTICE = 60;

/** What to rotate, and how. */
export interface RotationOrder {
  readonly file: KeySetFile;
  /** Those in force. */
  readonly keys: readonly ListedKey[];
  /** Epoch seconds. */
  readonly now: number;
  /** Default: that of the key that signs now. */
  readonly algorithm?: AlgorithmName | undefined;
  /** Seconds for which the new key is known before it signs. */
  readonly notice: number;
}

/** A rotation that has begun. */
export interface Rotation {
  readonly kid: string;
  readonly algorithm: AlgorithmName;
  /** Epoch seconds. */
  readonly signingFrom: number;
  readonly previousKid: string | undefined;
}

/** A key was announced before, and does not sign yet. */
export class RotationUnderWayError extends Error {
  constructor(
    readonly kid: string,
    /** Epoch seconds. */
    readonly signingFrom: number,
  ) {
    super('A rotation is under way');
  }
}

/**
 * Makes a new key in the key set file, which signs from a time on that all processes know before.
 * @throws RotationUnderWayError another one is announced
 */
export async function rotateKeys({ file, keys, now, notice, ...order }: RotationOrder): Promise<Rotation> {
  const algorithm = order.algorithm ?? issuingKeyOf(keys)?.algorithm ?? 'HS256';
  const { use } = ALGORITHMS[algorithm];
  const previous = issuingKeyOf(keys, use);
  // The first key of all has nothing to wait for.
  const isFirst = !previous && !(use === 'enc' && keys.some(derivedEncryptionKey));
  const signingFrom = isFirst ? now : now + notice;
  const jwk = await generateJwk(algorithm);
  await file.update((document) => {
    assertNoneAnnounced(document, use, now);
    return withKey(withoutRetired(document, now), { ...jwk, status: 'next', signing_from: signingFrom });
  });
  return { kid: jwk.kid, algorithm, signingFrom, previousKid: previous?.kid };
}

/** Within the lock, so that of two rotations at once the second one is refused. */
function assertNoneAnnounced(document: KeySetDocument, use: KeyUse, now: number): void {
  const announced = document.keys.find(
    (key) => key['use'] === use && key.status === 'next' && Number(key.signing_from) > now,
  );
  if (announced) throw new RotationUnderWayError(String(announced['kid']), Number(announced.signing_from));
}
