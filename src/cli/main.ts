#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { Command, CommanderError } from 'commander';
import { ConfigError, FastauthError } from '../errors.js';
import { CommandError, EXIT, type ExitCode, printable } from './command-output.js';
import { clientCommand } from './client.command.js';
import { configCommand } from './config.command.js';
import { doctorCommand } from './doctor.command.js';
import { explainCommand } from './explain.command.js';
import { initCommand } from './init.command.js';
import { keysCommand } from './keys.command.js';
import { packageVersion } from './package-version.js';
import { routesCommand } from './routes.command.js';
import { sessionsCommand } from './sessions.command.js';
import { storeCommand } from './store.command.js';
import { tokenCommand } from './token.command.js';

const program = new Command('fastauth')
  .description('Keys, configuration, tokens and clients of nestjs-fastauth.')
  .version(packageVersion(), '-V, --version', 'print the version of nestjs-fastauth')
  .addHelpText(
    'after',
    '\nExit status: 0 done, 1 failed, 2 asked wrongly or faulty configuration, 3 an existing key was kept.',
  );
for (const command of [
  initCommand(),
  keysCommand(),
  tokenCommand(),
  sessionsCommand(),
  clientCommand(),
  storeCommand(),
  routesCommand(),
  configCommand(),
  doctorCommand(),
  explainCommand(),
]) {
  program.addCommand(command);
}
throwRatherThanExit(program);
logToStandardError();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

function throwRatherThanExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help lists commands and options)');
  command.commands.forEach(throwRatherThanExit);
}

/** Programs read the answer from the standard output, where Nest logs. */
function logToStandardError(): void {
  const write = (message: unknown): void => void process.stderr.write(`${printable(String(message))}\n`);
  Logger.overrideLogger({ log: write, warn: write, error: write, fatal: write });
}

function tell(error: unknown): ExitCode {
  // Commander has written its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.misuse;
  const message = messageOf(error);
  process.stderr.write(`fastauth: ${message.split('\n').map(printable).join('\n')}\n`);
  if (process.argv.includes('--json')) {
    const faults = error instanceof ConfigError ? { faults: error.faults } : {};
    process.stdout.write(`${printable(JSON.stringify({ status: 'error', message, ...faults }))}\n`);
  }
  if (error instanceof ConfigError) return EXIT.misuse;
  return error instanceof CommandError ? error.exitCode : EXIT.failed;
}

/** Errors of others are told by their name and code alone: their text may quote what was given. */
function messageOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof FastauthError || error instanceof TypeError)
    return error.message;
  const { code, path, name } = error as NodeJS.ErrnoException;
  return code === undefined ? `failed (${name})` : `${path ?? 'it'} could not be used (${code})`;
}
