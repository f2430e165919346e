import {
  type ClientPage,
  ClientStore,
  type ListClients,
  type SingleUse,
  type StoredClient,
} from '../../sessions/client-store.js';
import { clientPage, pageOf } from '../client-pages.js';
import { decodeClient, encodeClient, revisionBytes } from '../client-record.codec.js';
import type { RedisConnection } from './connection.js';
import type { RedisKeys } from './keys.js';

/** How the store calls Redis; faults become its own. */
export interface RedisAccess {
  read<T>(call: (redis: RedisConnection) => Promise<T>): Promise<T>;
  /** @param call sends one script, with its deadline by the clock of the server that has the key */
  write<T>(key: string, call: (redis: RedisConnection, deadline: number) => Promise<T>): Promise<T>;
}

const NO_REVISION = Buffer.alloc(0);

/** Clients in Redis: all of an application's in one hash, which never expires. */
export class RedisClientStore extends ClientStore {
  readonly #keys: RedisKeys;
  readonly #access: RedisAccess;

  constructor(keys: RedisKeys, access: RedisAccess) {
    super();
    this.#keys = keys;
    this.#access = access;
  }

  async find(clientId: string): Promise<StoredClient | undefined> {
    const field = fieldOf(clientId);
    if (field === undefined) return undefined;
    const value = await this.#access.read((redis) => redis.hgetBuffer(this.#keys.clients, field));
    return value === null ? undefined : decodeClient(value, clientId);
  }

  async list(part: ListClients): Promise<ClientPage> {
    const fields = await this.#access.read((redis) => redis.hkeysBuffer(this.#keys.clients));
    const clientIds = pageOf(
      fields.map((field) => field.toString()),
      part,
    );
    if (clientIds.length === 0) return { clients: [], next: undefined };
    const values = await this.#access.read((redis) =>
      redis.hmgetBuffer(this.#keys.clients, ...clientIds.map((clientId) => Buffer.from(clientId))),
    );
    const clients = values.flatMap((value, n) =>
      // Undefined: removed in between.
      value === null ? [] : [decodeClient(value, clientIds[n] as string)],
    );
    const { next } = clientPage(clients, part.limit);
    return {
      clients: clients.slice(0, part.limit),
      next: next ?? (clientIds.length > part.limit ? clientIds[part.limit - 1] : undefined),
    };
  }

  insert(client: StoredClient): Promise<boolean> {
    return this.#put(client, NO_REVISION);
  }

  replace(client: StoredClient, revision: string): Promise<boolean> {
    return this.#put(client, revisionBytes(revision));
  }

  async remove(clientId: string): Promise<boolean> {
    const { clients } = this.#keys;
    const field = fieldOf(clientId);
    if (field === undefined) return false;
    const removed = await this.#access.write(clients, (redis, deadline) =>
      redis.fastauthRemoveClientBuffer(clients, field, deadline),
    );
    return removed === 1;
  }

  /** Redis drops it by itself, by its own clock. */
  async useOnce({ id, expiresAt, now }: SingleUse): Promise<boolean> {
    const key = this.#keys.used(id);
    const milliseconds = Math.max(1, Math.ceil((expiresAt + 1 - now) * 1000));
    const first = await this.#access.write(key, (redis, deadline) =>
      redis.fastauthUseOnceBuffer(key, milliseconds, deadline),
    );
    return first === 1;
  }

  async #put(client: StoredClient, revision: Buffer): Promise<boolean> {
    const { clients } = this.#keys;
    const field = fieldOf(client.clientId);
    if (field === undefined) {
      throw new RangeError('The client identifier is empty or not well-formed Unicode.');
    }
    const put = await this.#access.write(clients, (redis, deadline) =>
      redis.fastauthPutClientBuffer(clients, field, encodeClient(client), revision, deadline),
    );
    return put === 1;
  }
}

/** @returns undefined for an identifier that has no exact UTF-8 form */
function fieldOf(clientId: string): Buffer | undefined {
  const field = Buffer.from(clientId);
  return field.length > 0 && field.toString() === clientId ? field : undefined;
}
