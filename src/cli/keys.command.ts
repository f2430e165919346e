import { Command } from 'commander';
import { generateCryptographyKey } from '../keys/cryptography-key.js';
import { hasKeyInEnv, writeKeyToEnv } from '../keys/env-file.js';
import { EXIT, print, type CommandOutput } from './command-output.js';
import { confirm } from './confirm.js';

interface GenerateOptions {
  readonly name: string;
  readonly envFile: string;
  readonly force?: boolean;
  readonly print?: true;
  readonly json?: true;
}

/** `fastauth keys` */
export function keysCommand(): Command {
  return new Command('keys').description('Make keys.').addCommand(
    new Command('generate')
      .description(
        'Make a key (32 random bytes, URL-safe base64) and write it to the .env file. ' +
          'A key that is there is replaced only after a yes, or with --force; without a terminal it is kept (exit status 3).',
      )
      .option('--name <variable>', 'variable of the .env file', 'CRYPTOGRAPHY_KEY')
      .option('--env-file <path>', 'the .env file', '.env')
      .option('--force', 'replace a key that is there, without asking')
      .option('--print', 'print the key and write nothing')
      .option('--json', 'answer as JSON')
      .action(async (options: GenerateOptions) => {
        print(options.print ? printed() : await written(options), options.json ?? false);
      }),
  );
}

function printed(): CommandOutput {
  const key = generateCryptographyKey();
  return { lines: [key], json: { key } };
}

async function written({ name, envFile, force = false }: GenerateOptions): Promise<CommandOutput> {
  const entry = { name, path: envFile };
  const replace =
    force ||
    ((await hasKeyInEnv(entry)) &&
      (await confirm(
        `${envFile} has a ${name}. Whoever holds tokens made with it is logged out. Replace it?`,
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
