import * as z from 'zod';
import { clientList } from './client-entries.js';
import { wholeNumber } from './setting-forms.js';

const YEAR = 365 * 24 * 60 * 60;

/** Keys of the configuration about OAuth clients; part of `SETTINGS`. */
export const CLIENT_SETTINGS = {
  /** Clients with credentials of their own, beside those of the store. */
  clients: clientList().default([]).meta({
    expected:
      'a list of objects such as {"client-id": "billing", "secret-hashes": ["sha256:…"], "scopes": ["invoices:read"]}',
    description:
      'OAuth clients that authenticate themselves, beside those that `fastauth client` keeps in the store; not changed by it. Each has a `client-id`, `secret-hashes` or `public-keys` (`public-keys-file`), and if wished `name`, `method`, `grants`, `scopes`, `audiences`, `introspect`, `access-token-expires-in`, `enabled`.',
  }),
  /** Whether there is an OAuth 2.0 token endpoint. Default: if there are `clients`. */
  tokenEndpoint: z.boolean().optional().meta({
    expected: 'true or false',
    description:
      'Whether clients that authenticate themselves get tokens at `/token` (OAuth 2.0: `client_credentials`, `refresh_token`). Default: on when `clients` is set.',
  }),
  clientCredentialsExpiresIn: wholeNumber(1, 100 * YEAR)
    .default(3600)
    .meta({
      expected: 'a whole number of seconds, at least 1',
      description: 'Lifetime in seconds of access tokens that clients get by `client_credentials`.',
    }),
  sessionsPerCredentialClient: wholeNumber(1, 1_000_000).default(1000).meta({
    expected: 'a whole number, at least 1',
    description:
      'Live sessions that a client may have by `client_credentials`, one per grant; a new one beyond that ends the oldest. `sessions-per-client` does not count them.',
  }),
} as const;
