import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { ClientRecord } from '../sessions/client-record.js';
import { type ClientStore, keepsClients } from '../sessions/client-store.js';
import { TokenStore } from '../sessions/token-store.js';

type ClientsConfig = Pick<FastauthConfig, 'clients' | 'tokenEndpoint'>;

/** A client, and whether the store keeps it: that one may change at any time. */
export interface RegisteredClient {
  readonly record: ClientRecord;
  readonly isStored: boolean;
}

/** Clients of the configuration and of the store. Where both have one of an identifier, the configuration's counts. */
@Injectable()
export class ClientRegistry {
  readonly #configured: ReadonlyMap<string, ClientRecord>;
  readonly #store: ClientStore | undefined;

  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: ClientsConfig,
    @Inject(TokenStore) store: TokenStore,
  ) {
    this.#configured = new Map(config.clients.map((client) => [client.clientId, client]));
    this.#store = keepsClients(store) ? store.clients : undefined;
  }

  /** Whether clients can authenticate themselves at all. */
  get isOn(): boolean {
    return this.config.tokenEndpoint;
  }

  /**
   * The store is asked in any case, so that how long it takes does not tell which clients there are.
   * @throws StoreUnavailableError
   */
  async find(clientId: string): Promise<RegisteredClient | undefined> {
    const stored = await this.#store?.find(clientId);
    const configured = this.#configured.get(clientId);
    if (configured) return { record: configured, isStored: false };
    return stored && { record: stored, isStored: true };
  }

  /**
   * Whether a client that has authenticated itself may still do something. What was written to the store before this
   * call is seen: whoever disables a client and then ends its sessions misses none that was begun meanwhile.
   * @throws StoreUnavailableError
   */
  async isStillEnabled({ record, isStored }: RegisteredClient): Promise<boolean> {
    if (!isStored) return true;
    const now = await this.#store?.find(record.clientId);
    return now?.isEnabled === true;
  }

  /**
   * Whether this identifier is a client's that authenticates itself, be it disabled.
   * @throws StoreUnavailableError
   */
  async isRegistered(clientId: string): Promise<boolean> {
    return this.isOn && (await this.find(clientId)) !== undefined;
  }

  /**
   * Whether something is used for the first time, over all processes that share the store.
   * @returns undefined if the store cannot tell
   * @throws StoreUnavailableError
   */
  async useOnce(id: string, expiresAt: number, now: number): Promise<boolean | undefined> {
    return this.#store?.useOnce({ id, expiresAt, now });
  }
}
