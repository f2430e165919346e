import {
  type ClientPage,
  ClientStore,
  type ListClients,
  type SingleUse,
  type StoredClient,
} from '../../sessions/client-store.js';
import { clientPage } from '../client-pages.js';
import { ClientDecoder, decodeClient, encodeClient } from '../client-record.codec.js';
import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import { clientKeyBytes, expiryKeyBytes, expiryPrefix, sessionKeyOfExpiry } from './keys.js';

/** How the store reads and writes its files; faults become its own. */
export interface LmdbAccess {
  read<T>(action: (files: LmdbFiles) => T): T;
  /** One transaction. @param needsRoom refuse it when the disk is almost full */
  write<T>(action: (files: LmdbFiles) => T, needsRoom?: boolean): Promise<T>;
}

/** More than what comes in with one call, so that they become fewer. */
const DROPPED_AT_A_TIME = 2;
/** Before the end of what was used once, in the database of their ends. */
const NO_BYTES = Buffer.alloc(0);
/** Keys of what was used once begin with one of these: by its name, or by its end. */
const BY_ID = Buffer.from('i');
const BY_END = Buffer.from('e');

/** Clients in LMDB: identifier → client. Read from mapped memory, as sessions are. */
export class LmdbClientStore extends ClientStore {
  readonly #access: LmdbAccess;
  readonly #decoder = new ClientDecoder();

  constructor(access: LmdbAccess) {
    super();
    this.#access = access;
  }

  async find(clientId: string): Promise<StoredClient | undefined> {
    return this.#access.read((files) => this.#read(files, clientId));
  }

  async list({ after, limit }: ListClients): Promise<ClientPage> {
    return this.#access.read(({ clients }) => {
      const start = after === undefined ? undefined : Buffer.concat([Buffer.from(after), Buffer.of(0)]);
      const entries = clients.getRange({ ...(start && { start }), limit: limit + 1 });
      return clientPage(
        Array.from(entries, ({ key, value }) => decodeClient(value, key.toString())),
        limit,
      );
    });
  }

  async insert(client: StoredClient): Promise<boolean> {
    return this.#put(client, undefined);
  }

  async replace(client: StoredClient, revision: string): Promise<boolean> {
    return this.#put(client, revision);
  }

  async remove(clientId: string): Promise<boolean> {
    const key = clientKeyBytes(clientId);
    if (key === undefined) return false;
    return this.#access.write(({ clients }) => clients.doesExist(key) && clients.removeSync(key));
  }

  async useOnce({ id, expiresAt, now }: SingleUse): Promise<boolean> {
    const key = Buffer.concat([BY_ID, Buffer.from(id)]);
    return this.#access.write(({ assertions }) => {
      if (assertions.doesExist(key)) return false;
      const end = Buffer.concat([BY_END, expiryPrefix(now)]);
      const ended = [...assertions.getKeys({ start: BY_END, end, limit: DROPPED_AT_A_TIME })];
      for (const endKey of ended) {
        assertions.removeSync(Buffer.concat([BY_ID, sessionKeyOfExpiry(endKey.subarray(1))]));
        assertions.removeSync(endKey);
      }
      assertions.putSync(key, NO_BYTES);
      assertions.putSync(Buffer.concat([BY_END, expiryKeyBytes(expiresAt, Buffer.from(id))]), NO_BYTES);
      return true;
    }, true);
  }

  /** @param revision what is to be there; undefined: nothing */
  #put(client: StoredClient, revision: string | undefined): Promise<boolean> {
    const { clientId } = client;
    const key = clientKeyBytes(clientId);
    if (key === undefined)
      throw new RangeError('The client identifier is too long or not well-formed Unicode.');
    const bytes = encodeClient(client);
    // A client can be disabled on a full disk, too.
    return this.#access.write((files) => {
      if (this.#read(files, clientId)?.revision !== revision) return false;
      files.clients.putSync(key, bytes);
      return true;
    }, revision === undefined);
  }

  #read({ clients }: LmdbFiles, clientId: string): StoredClient | undefined {
    const key = clientKeyBytes(clientId);
    const bytes = key && bytesAt(clients, key);
    return bytes && this.#decoder.decode(bytes, clientId);
  }
}
