import { Command } from 'commander';
import { SystemClock } from '../clock.js';
import { countOf, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { withStore } from './with-store.js';

interface RevokeOptions extends ConfigOptions {
  readonly exceptSession?: string;
}

/** `fastauth client revoke` */
export function clientRevokeCommand(): Command {
  return withConfigOptions(new Command('revoke'))
    .description('End all sessions of a client, who may log in again. Exit status 1: there was none to end.')
    .argument('<client-id>', 'whose sessions; after -- if it begins with a dash')
    .option('--except-session <id>', 'leave this one alone')
    .action(async (clientId: string, options: RevokeOptions) =>
      print(await revoked(clientId, options), options.json ?? false),
    );
}

async function revoked(clientId: string, options: RevokeOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const now = Math.floor(new SystemClock().now() / 1000);
  const families = await withStore(config, (store) =>
    store.revokeClient(clientId, now, { exceptFamilyId: options.exceptSession }),
  );
  return {
    lines: [`${countOf(families.length, 'session')} of ${JSON.stringify(clientId)} ended.`],
    json: { client_id: clientId, revoked: families.length },
    exitCode: families.length === 0 ? EXIT.failed : EXIT.done,
  };
}
