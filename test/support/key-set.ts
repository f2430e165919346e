import { writeFileSync } from 'node:fs';
import { generateJwk } from '../../src/keys/generate-key.js';
import type { AlgorithmName } from '../../src/keys/algorithms.js';
import type { KeySetDocument, KeySetEntry } from '../../src/keys/key-set-document.js';

/** A new key as a key set file holds it. */
export async function keySetEntry(
  algorithm: AlgorithmName,
  entry: KeySetEntry = {},
): Promise<KeySetEntry & { kid: string }> {
  const generated = await generateJwk(algorithm);
  const kid = typeof entry.kid === 'string' ? entry.kid : generated.kid;
  return { ...generated, ...entry, kid };
}

/** Writes a key set file as an editor would: not at once. */
export function writeKeySet(path: string, document: KeySetDocument): void {
  writeFileSync(path, JSON.stringify(document), { mode: 0o600 });
}
