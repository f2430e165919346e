import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { masterTokenHash } from '../config/master-token-entries.js';
import { masterTokenFault } from '../config/secret-faults.js';
import { hasKeyInEnv, writeKeyToEnv } from '../files/env-file.js';
import { generateCryptographyKey } from '../keys/cryptography-key.js';
import { CommandError, EXIT, print, type CommandOutput } from './command-output.js';
import { DOTENV_OPTION } from './config-options.js';
import { confirm } from './confirm.js';
import { keysImportCommand } from './keys-import.command.js';
import { keysListCommand } from './keys-list.command.js';
import { keysRetireCommand } from './keys-retire.command.js';
import { keysRotateCommand } from './keys-rotate.command.js';

interface GenerateOptions {
  readonly name?: string;
  readonly dotenv: string;
  readonly master?: true;
  readonly hash?: true;
  readonly force?: boolean;
  readonly print?: true;
  readonly json?: true;
}

/** `fastauth keys` */
export function keysCommand(): Command {
  const generate = new Command('generate')
    .description(
      'Make a key (32 random bytes, URL-safe base64) and write it to the .env file. ' +
        'A key that is there is replaced only after a yes, or with --force; without a terminal it is kept (exit status 3).',
    )
    .option('--master', 'make a master token')
    .option(
      '--name <variable>',
      'variable of the .env file (default: CRYPTOGRAPHY_KEY; of a master token, MASTER_TOKEN)',
    )
    .option(DOTENV_OPTION, 'the .env file', '.env')
    .option('--force', 'replace a key that is there, without asking')
    .option('--print', 'print the key and write nothing')
    .option('--hash', 'of a master token, print it with its hash for the configuration, and write nothing')
    .option('--json', 'answer as JSON')
    .action(async (options: GenerateOptions) => {
      if (options.hash && !options.master) throw new CommandError('--hash goes with --master', EXIT.misuse);
      print(
        options.hash ? hashed() : options.print ? printed() : await written(options),
        options.json ?? false,
      );
    });
  const hash = new Command('hash')
    .description(
      'Read a master token, or a secret of a client, from standard input and print its hash for the configuration.',
    )
    .option('--json', 'answer as JSON')
    .action(async ({ json = false }: { json?: boolean }) => print(await hashOfInput(), json));
  return [
    generate,
    hash,
    keysListCommand(),
    keysRotateCommand(),
    keysRetireCommand(),
    keysImportCommand(),
  ].reduce(
    (command, subcommand) => command.addCommand(subcommand),
    new Command('keys').description('Make, rotate and retire keys.'),
  );
}

function hashed(): CommandOutput {
  const token = generateCryptographyKey();
  const hash = masterTokenHash(token);
  return {
    lines: [
      `token: ${token}`,
      `hash:  ${hash}`,
      'Keep the token where it is used; the configuration needs the hash only.',
    ],
    json: { token, hash },
  };
}

async function hashOfInput(): Promise<CommandOutput> {
  if (process.stdin.isTTY) process.stderr.write('Paste the master token, then press Enter and Ctrl-D.\n');
  const token = (await text(process.stdin)).trim();
  const fault = masterTokenFault(token);
  if (fault !== undefined) throw new CommandError(`The master token ${fault}`, EXIT.misuse);
  const hash = masterTokenHash(token);
  return { lines: [hash], json: { hash } };
}

function printed(): CommandOutput {
  const key = generateCryptographyKey();
  return { lines: [key], json: { key } };
}

async function written({
  master,
  dotenv: envFile,
  force = false,
  ...options
}: GenerateOptions): Promise<CommandOutput> {
  const { name = master ? 'MASTER_TOKEN' : 'CRYPTOGRAPHY_KEY' } = options;
  const entry = { name, path: envFile };
  const replace =
    force ||
    ((await hasKeyInEnv(entry)) &&
      (await confirm(
        `${envFile} has a ${name}. ${master ? 'Whoever uses it is shut out' : 'Whoever holds tokens made with it is logged out'}. Replace it?`,
      )));
  if (await writeKeyToEnv({ ...entry, key: generateCryptographyKey(), replace })) {
    return {
      lines: [`${name}: a new key was written to ${envFile} (readable by you alone).`],
      json: { name, envFile, result: 'written' },
    };
  }
  return {
    lines: [`${name}: ${envFile} has one, and it was kept. Use --force to replace it.`],
    json: { name, envFile, result: 'kept' },
    exitCode: EXIT.kept,
  };
}
