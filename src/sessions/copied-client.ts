import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClientStore, StoredClient } from './client-store.js';

/** What became of a client: it was put, was there already, or stays as it was changed in the store copied to. */
export type CopiedClient = 'copied' | 'present' | 'changed';

const REVISION_BYTES = 16;
/** What the revision of a copy begins with: whatever is written later has another one. */
const COPY = hash('sha256', 'fastauth store copy', 'buffer').subarray(0, REVISION_BYTES / 2);

/** Puts a client into another store, unless it was changed there since it was copied. */
export async function copyClient(client: StoredClient, to: ClientStore): Promise<CopiedClient> {
  const copy = { ...client, revision: revisionOfCopy(client) };
  if (await to.insert(copy)) return 'copied';
  const stored = await to.find(client.clientId);
  if (stored !== undefined && isDeepStrictEqual(contentOf(stored), contentOf(client))) return 'present';
  const isCopy = stored !== undefined && isRevisionOfCopy(stored.revision);
  return isCopy && (await to.replace(copy, stored.revision)) ? 'copied' : 'changed';
}

function revisionOfCopy(client: StoredClient): string {
  const content = hash('sha256', JSON.stringify(contentOf(client)), 'buffer');
  return Buffer.concat([COPY, content.subarray(0, REVISION_BYTES - COPY.length)]).toString('base64url');
}

function isRevisionOfCopy(revision: string): boolean {
  return Buffer.from(revision, 'base64url').subarray(0, COPY.length).equals(COPY);
}

/** All but the revision, in one order. */
function contentOf({ revision: _revision, ...client }: StoredClient): unknown {
  const entries = Object.entries(client).filter(([, value]) => value !== undefined);
  return JSON.parse(JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}
