import { Command } from 'commander';
import {
  changeClient,
  newClientSecret,
  usesSecrets,
  withLatestSecret,
  withSecret,
} from '../clients/client-editing.js';
import { clientView } from '../clients/client-view.js';
import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { ClientRecord } from '../sessions/client-record.js';
import type { ClientKeepingStore, ClientStore } from '../sessions/client-store.js';
import { clientAddCommand } from './client-add.command.js';
import { clientRevokeCommand } from './client-revoke.command.js';
import { noSuchClient, withClientStore } from './client-store.js';
import { linesOfClient } from './client-view.js';
import { CommandError, countOf, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';

interface RotateOptions extends ConfigOptions {
  readonly dropOld?: boolean;
}

const PAGE = 200;

/** `fastauth client` */
export function clientCommand(): Command {
  const client = new Command('client').description(
    'Look after clients that authenticate themselves (OAuth 2.0).',
  );
  client.addCommand(clientAddCommand());
  client.addCommand(
    withConfigOptions(new Command('list'))
      .description('List the clients of the store and of the configuration.')
      .action(async (options: ConfigOptions) => print(await listed(options), options.json ?? false)),
  );
  const named = (name: string, description: string, run: Run<RotateOptions>): Command =>
    withConfigOptions(new Command(name))
      .description(description)
      .argument('<client-id>')
      .action(async (clientId: string, options: RotateOptions) => {
        const { config } = readConfig(options);
        print(await run(clientId, config, options), options.json ?? false);
      });
  client.addCommand(named('show', 'Show a client; never its secrets.', shown));
  client.addCommand(
    named(
      'rotate-secret',
      'Give a client another secret, shown once. The one before stays good until the next rotation.',
      rotated,
    ).option('--drop-old', 'the new secret alone is good from now on, as after a leak'),
  );
  client.addCommand(
    named(
      'drop-old-secret',
      'Let only the latest secret of a client be good, once the client has it. Exit status 1: it had one secret.',
      oldSecretDropped,
    ),
  );
  client.addCommand(
    named('disable', 'Let a client do nothing any more, and end all of its sessions.', disabled),
  );
  client.addCommand(named('enable', 'Let a client that was disabled get tokens again.', enabled));
  client.addCommand(named('remove', 'Remove a client, and end all of its sessions.', removed));
  client.addCommand(clientRevokeCommand());
  return client;
}

type Run<Options> = (clientId: string, config: FastauthConfig, options: Options) => Promise<CommandOutput>;

async function listed(options: ConfigOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const configured = config.clients.map((client) => clientView(client, 'configuration'));
  const hidden = new Set(configured.map((client) => client.client_id));
  const stored = /^https?:/i.test(config.databaseUrl)
    ? []
    : await withClientStore(config, ({ clients }) => allOf(clients));
  const clients = [
    ...configured,
    ...stored.filter(({ clientId }) => !hidden.has(clientId)).map((client) => clientView(client, 'store')),
  ];
  const cells = clients.map((client) => [
    client.client_id,
    client.enabled ? 'enabled' : 'disabled',
    client.method,
    client.source,
    client.name ?? '',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return {
    lines:
      clients.length === 0
        ? ['There is no client.']
        : cells.map((row) =>
            row
              .map((cell, column) => cell.padEnd(widths[column] ?? 0))
              .join('  ')
              .trimEnd(),
          ),
    json: { clients },
  };
}

async function allOf(store: ClientStore): Promise<readonly ClientRecord[]> {
  const clients: ClientRecord[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({ after, limit: PAGE });
    clients.push(...page.clients);
    after = page.next;
  } while (after !== undefined);
  return clients;
}

async function shown(clientId: string, config: FastauthConfig): Promise<CommandOutput> {
  const configured = config.clients.find((client) => client.clientId === clientId);
  const client = configured ?? (await withClientStore(config, ({ clients }) => clients.find(clientId)));
  if (client === undefined) throw noSuchClient(clientId, config);
  const view = clientView(client, configured === undefined ? 'store' : 'configuration');
  return { lines: linesOfClient(view, config), json: view };
}

async function rotated(
  clientId: string,
  config: FastauthConfig,
  { dropOld = false }: RotateOptions,
): Promise<CommandOutput> {
  const secret = newClientSecret();
  const client = await changed(clientId, config, (before) => {
    if (!usesSecrets(before.authenticationMethod)) {
      throw new CommandError('A client of private_key_jwt has keys and no secret.', EXIT.misuse);
    }
    return withSecret(before, secret, !dropOld);
  });
  return {
    lines: [
      `client_id:     ${clientId}`,
      `client_secret: ${secret}`,
      'The secret is not shown again.',
      ...(client.secretHashes.length > 1
        ? [`The secret before it stays good until "fastauth client drop-old-secret ${clientId}".`]
        : []),
    ],
    json: { client_id: clientId, client_secret: secret, secrets: client.secretHashes.length },
  };
}

async function oldSecretDropped(clientId: string, config: FastauthConfig): Promise<CommandOutput> {
  let before = 0;
  const { secretHashes } = await changed(clientId, config, (client) => {
    before = client.secretHashes.length;
    return withLatestSecret(client);
  });
  const secrets = secretHashes.length;
  return {
    lines: [
      before > secrets ? 'Only the latest secret is good from now on.' : 'There was no older secret to drop.',
    ],
    json: { client_id: clientId, secrets, dropped: before - secrets },
    exitCode: before > secrets ? EXIT.done : EXIT.failed,
  };
}

async function disabled(clientId: string, config: FastauthConfig): Promise<CommandOutput> {
  return withClientStore(config, async (store) => {
    const client = await changeClient(store.clients, clientId, (before) => ({ ...before, isEnabled: false }));
    if (client === undefined) throw noSuchClient(clientId, config);
    const ended = await endSessions(store, clientId);
    return {
      lines: [`Disabled ${clientId}; ended ${countOf(ended, 'session')}.`],
      json: { client_id: clientId, enabled: false, ended },
    };
  });
}

async function enabled(clientId: string, config: FastauthConfig): Promise<CommandOutput> {
  await changed(clientId, config, (before) => ({ ...before, isEnabled: true }));
  return { lines: [`Enabled ${clientId}.`], json: { client_id: clientId, enabled: true } };
}

async function removed(clientId: string, config: FastauthConfig): Promise<CommandOutput> {
  return withClientStore(config, async (store) => {
    if (!(await store.clients.remove(clientId))) throw noSuchClient(clientId, config);
    const ended = await endSessions(store, clientId);
    return {
      lines: [`Removed ${clientId}; ended ${countOf(ended, 'session')}.`],
      json: { client_id: clientId, removed: true, ended },
    };
  });
}

/** After the client was written: what is granted meanwhile looks at that, and ends itself. */
async function endSessions(store: ClientKeepingStore, clientId: string): Promise<number> {
  const now = Math.floor(new SystemClock().now() / 1000);
  return (await store.revokeClient(clientId, now)).length;
}

async function changed(
  clientId: string,
  config: FastauthConfig,
  change: (client: ClientRecord) => ClientRecord,
): Promise<ClientRecord> {
  const client = await withClientStore(config, ({ clients }) => changeClient(clients, clientId, change));
  if (client === undefined) throw noSuchClient(clientId, config);
  return client;
}
