import { LRUCache } from 'lru-cache';
import { StoreUnavailableError } from '../errors.js';
import type { StoredClient } from '../sessions/client-store.js';

const VERSION = 1;
const REVISION_BYTES = 16;
/** Version and revision: what comes before the JSON text. Scripts of Redis compare bytes 2 to 17. */
const HEADER_BYTES = 1 + REVISION_BYTES;

/** What a client must have to be usable. */
const NEEDED: Readonly<Record<string, (value: unknown) => boolean>> = {
  authenticationMethod: (value) => typeof value === 'string',
  secretHashes: isTextList,
  publicKeys: Array.isArray,
  grants: isTextList,
  scopes: isTextList,
  audiences: isTextList,
  mayIntrospect: (value) => typeof value === 'boolean',
  isEnabled: (value) => typeof value === 'boolean',
};

/** @throws TypeError its revision is not one */
export function encodeClient({ revision, clientId: _key, ...client }: StoredClient): Buffer {
  return Buffer.concat([Buffer.of(VERSION), revisionBytes(revision), Buffer.from(JSON.stringify(client))]);
}

/** @throws StoreUnavailableError it is damaged, or written by a later version: nobody can tell what it may do */
export function decodeClient(bytes: Uint8Array, clientId: string): StoredClient {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  if (buffer[0] !== VERSION) throw damaged();
  const client = parse(buffer.toString('utf8', HEADER_BYTES));
  for (const [name, isGood] of Object.entries(NEEDED)) if (!isGood(client[name])) throw damaged();
  const revision = buffer.toString('base64url', 1, HEADER_BYTES);
  return { ...(client as unknown as StoredClient), clientId, revision };
}

/** Clients whose bytes are remembered. */
const REMEMBERED_CLIENTS = 1000;

/**
 * Decodes clients as {@link decodeClient} does; bytes that are those of the last time are not read again. The client is
 * then the same object as before; it is frozen.
 */
export class ClientDecoder {
  readonly #decoded = new LRUCache<string, { readonly bytes: Buffer; readonly client: StoredClient }>({
    max: REMEMBERED_CLIENTS,
  });

  decode(bytes: Buffer, clientId: string): StoredClient {
    const known = this.#decoded.get(clientId);
    if (known?.bytes.equals(bytes)) return known.client;
    const client = Object.freeze(decodeClient(bytes, clientId));
    this.#decoded.set(clientId, { bytes: Buffer.from(bytes), client });
    return client;
  }
}

/** @throws TypeError it is none: 16 bytes as base64url */
export function revisionBytes(revision: string): Buffer {
  const bytes = Buffer.from(revision, 'base64url');
  if (bytes.length !== REVISION_BYTES || bytes.toString('base64url') !== revision) {
    throw new TypeError('A client needs a revision of 16 bytes as base64url without padding.');
  }
  return bytes;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text, (_name, member) => Object.freeze(member));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, without what was read.
  }
  throw damaged();
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function damaged(): StoreUnavailableError {
  return new StoreUnavailableError(
    'A client in the token store is damaged, or of a later version of fastauth.',
  );
}
