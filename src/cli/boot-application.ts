import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandError, EXIT } from './command-output.js';

/** Where the application is. */
export interface AppOptions {
  /** File that exports the root module, or a function that makes the application. */
  readonly app: string;
  /** Name of the export. Default: `default`, or the only class or function that is exported. */
  readonly export?: string;
  readonly adapter?: 'express' | 'fastify';
}

/** What an application does for the sake of being looked at. */
export const HOOKS_RUN =
  'The application was booted without listening: its constructors, onModuleInit and onApplicationBootstrap have run, and the shutdown hooks ran as it was closed.';

/** How long what an application has left running may go on. */
const LINGER_MS = 2000;

/**
 * Boots an application without listening, and closes it after the action.
 * @throws CommandError there is none in the file
 */
export async function withApplication<T>(
  options: AppOptions,
  action: (app: INestApplication) => Promise<T>,
): Promise<T> {
  const app = await createApplication(options);
  try {
    await app.init();
    return await action(app);
  } finally {
    await app.close();
    // Timers and connections that the application did not end would keep the command waiting.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

async function createApplication({
  app: file,
  export: name,
  adapter,
}: AppOptions): Promise<INestApplication> {
  const made = exportOf(await importFile(file), file, name);
  if (!isClass(made)) {
    const app: unknown = await (made as () => unknown)();
    if (isApplication(app)) return app;
    throw new CommandError(
      `The function that ${file} exports does not answer a Nest application. Let it return what NestFactory.create() gave.`,
      EXIT.misuse,
    );
  }
  const options = { abortOnError: false } as const;
  if (adapter !== 'fastify') return NestFactory.create(made as Type<unknown>, options);
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return NestFactory.create(made as Type<unknown>, new FastifyAdapter(), options);
}

async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandError(
      `${file}, or something that it imports, is not there. Build the application first, and name the built file.`,
      EXIT.misuse,
    );
  }
}

function exportOf(module: Readonly<Record<string, unknown>>, file: string, name?: string): object {
  const found = Object.entries(module).filter(([, value]) => typeof value === 'function');
  const [first, ...others] = found.filter(([each]) => name === undefined || each === name);
  const chosen = others.length === 0 ? first : found.find(([each]) => each === 'default');
  if (chosen) return chosen[1] as object;
  throw new CommandError(
    `${file} exports ${first ? 'several classes and functions' : 'no such class or function'}; name the root module with --export.`,
    EXIT.misuse,
  );
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class');
}

function isApplication(value: unknown): value is INestApplication {
  return typeof value === 'object' && value !== null && 'init' in value && 'get' in value;
}
