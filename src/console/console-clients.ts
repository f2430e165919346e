import { clientView } from '../clients/client-view.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { readParameter, type TokenRequest } from '../endpoints/token-request.js';
import { keepsClients } from '../sessions/client-store.js';
import type { TokenStore } from '../sessions/token-store.js';

const PART = 200;

/** Lists the clients that have credentials: those of the configuration first, then those of the store part by part. */
export class ConsoleClients {
  constructor(
    private readonly config: Pick<FastauthConfig, 'clients'>,
    private readonly store: TokenStore,
  ) {}

  async list(request: TokenRequest): Promise<object> {
    const after = readParameter(request, 'after');
    const configured = this.config.clients.map((client) => clientView(client, 'configuration'));
    const known = new Set(configured.map(({ client_id }) => client_id));
    const part = keepsClients(this.store) ? await this.store.clients.list({ after, limit: PART }) : undefined;
    const stored = part?.clients ?? [];
    return {
      clients: [
        ...(after === undefined ? configured : []),
        ...stored.filter(({ clientId }) => !known.has(clientId)).map((client) => clientView(client, 'store')),
      ],
      next: part?.next,
    };
  }
}
