import { randomUUID } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addClient, newClientSecret, usesSecrets } from '../clients/client-editing.js';
import { clientView } from '../clients/client-view.js';
import {
  CLIENT_GRANTS,
  CLIENT_METHODS,
  type ClientGrant,
  type ClientMethod,
  readKeys,
  resourceFault,
} from '../config/client-entries.js';
import { clientKeyFault } from '../config/client-keys.js';
import { clientSecretHash } from '../config/client-secret.js';
import { SETTINGS } from '../config/settings.js';
import { clientIdFault } from '../sessions/client-id.js';
import type { ClientRecord } from '../sessions/client-record.js';
import { withClientStore } from './client-store.js';
import { linesOfClient } from './client-view.js';
import { CommandError, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { scopeOption } from './scope-option.js';

interface AddOptions extends ConfigOptions {
  readonly clientId?: string;
  readonly name?: string;
  readonly method?: ClientMethod;
  readonly keys?: string;
  readonly grant: readonly ClientGrant[];
  readonly scope?: readonly string[];
  readonly audience: readonly string[];
  readonly introspect?: true;
  readonly expiresIn?: number;
}

/** `fastauth client add` */
export function clientAddCommand(): Command {
  return withConfigOptions(new Command('add'))
    .description('Register a client that authenticates itself. Its secret is shown once.')
    .option('--client-id <text>', 'its identifier (default: a new UUID)')
    .option('--name <text>', 'for people')
    .addOption(
      new Option('--method <method>', 'how it authenticates itself (default: client_secret_basic)').choices(
        CLIENT_METHODS,
      ),
    )
    .option('--keys <path>', 'JWK Set file with the public keys of private_key_jwt')
    .addOption(
      new Option('--grant <grants...>', 'what it may ask for')
        .choices(CLIENT_GRANTS)
        .default(['client_credentials'], 'client_credentials'),
    )
    .addOption(scopeOption('what it may ask for'))
    .option('--audience <uris...>', 'resources that it may ask for (RFC 8707)', listOf(resourceFault), [])
    .option('--introspect', 'lets it introspect tokens')
    .option('--expires-in <seconds>', 'lifetime of its access tokens', secondsOf)
    .action(async (options: AddOptions) => print(await added(options), options.json ?? false));
}

async function added(options: AddOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const clientId = options.clientId ?? randomUUID();
  const fault = clientIdFault(clientId);
  if (fault !== undefined) throw new CommandError(`--client-id ${fault}.`, EXIT.misuse);
  if (config.clients.some((client) => client.clientId === clientId)) throw taken(clientId);
  const { scopes } = config;
  const { scope: asked = [] } = options;
  const unknown = asked.find((scope) => scopes && !Object.hasOwn(scopes, scope));
  if (unknown !== undefined) {
    throw new CommandError(`--scope ${unknown} is not among the configured "scopes".`, EXIT.misuse);
  }
  const method = options.method ?? (options.keys === undefined ? 'client_secret_basic' : 'private_key_jwt');
  const secret = usesSecrets(method) ? newClientSecret() : undefined;
  const record: ClientRecord = {
    clientId,
    name: options.name,
    authenticationMethod: method,
    secretHashes: secret === undefined ? [] : [clientSecretHash(secret)],
    publicKeys: publicKeysOf(method, options.keys),
    grants: [...new Set(options.grant)],
    scopes: [...new Set(asked)],
    audiences: [...new Set(options.audience)],
    mayIntrospect: options.introspect ?? false,
    accessTokenExpiresIn: options.expiresIn,
    isEnabled: true,
  };
  const isNew = await withClientStore(config, ({ clients }) => addClient(clients, record));
  if (!isNew) throw taken(clientId);
  const view = clientView(record, 'store');
  return {
    lines: [
      ...linesOfClient(view, config),
      ...(secret === undefined ? [] : [`client_secret: ${secret}`, 'The secret is not shown again.']),
      ...(config.tokenEndpoint ? [] : ['The token endpoint is off: set "token-endpoint" to true.']),
    ],
    json: { ...view, ...(secret === undefined ? {} : { client_secret: secret }) },
  };
}

function publicKeysOf(method: ClientMethod, file: string | undefined): ClientRecord['publicKeys'] {
  if (method !== 'private_key_jwt') {
    if (file === undefined) return [];
    throw new CommandError(`--keys is for private_key_jwt; ${method} uses a secret.`, EXIT.misuse);
  }
  if (file === undefined) {
    throw new CommandError('private_key_jwt needs --keys with the JWK Set of its public keys.', EXIT.misuse);
  }
  let keys: ClientRecord['publicKeys'];
  try {
    keys = readKeys(file);
  } catch (error) {
    throw new CommandError(`--keys ${JSON.stringify(file)} ${(error as Error).message}.`, EXIT.misuse);
  }
  const faults = keys.flatMap((key, n) => {
    const fault = clientKeyFault(key);
    return fault === undefined ? [] : [`Public key ${n + 1} ${fault}.`];
  });
  if (faults.length > 0) throw new CommandError(faults.join('\n'), EXIT.misuse);
  return keys;
}

function taken(clientId: string): CommandError {
  return new CommandError(
    `There is a client ${JSON.stringify(clientId)} already. Nothing was changed.`,
    EXIT.kept,
  );
}

/** Collects values of an option that may be there several times, or have several values. */
function listOf(faultOf: (value: string) => string | undefined) {
  return (value: string, before: readonly string[]): readonly string[] => {
    const fault = faultOf(value);
    if (fault !== undefined) throw new InvalidArgumentError(`It ${fault}.`);
    return [...before, value];
  };
}

function secondsOf(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !SETTINGS.clientCredentialsExpiresIn.safeParse(seconds).success) {
    throw new InvalidArgumentError(
      'It is a whole number of seconds, from 1 to 3153600000 (a hundred years).',
    );
  }
  return seconds;
}
