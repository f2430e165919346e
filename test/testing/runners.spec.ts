import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transpile } from '../support/compile.js';
import { type CommandRun, installInto, runIn } from '../support/documented-app.js';
import { itIf } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MINUTE = 60_000;
const NEST_11 = resolve('test/nest-11/node_modules');
const VITEST = 'vitest@^3.2.0';
const FILE = 'devices.test.js';

/** One file, compiled once, under each runner. */
describe('the example of the kit for tests', () => {
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder();
    installInto(folder);
    writeFileSync(
      join(folder, FILE),
      await transpile(readFileSync('test/testing/example/devices.example.ts', 'utf8')),
    );
  });
  afterAll(removeTemporaryFolders);

  const node = (...args: string[]): Promise<CommandRun> => runIn(folder, process.execPath, args);
  const jest = (config: object, ...options: string[]): Promise<CommandRun> => {
    writeFileSync(
      join(folder, 'jest.config.json'),
      JSON.stringify({ rootDir: folder, testEnvironment: 'node', testTimeout: 20_000, ...config }),
    );
    const program = resolve('node_modules/jest/bin/jest.js');
    return node(...options, program, '--config', join(folder, 'jest.config.json'), '--ci', '--runInBand');
  };

  it(
    'runs under node:test',
    async () => {
      writeFileSync(join(folder, 'globals.mjs'), `import { it } from 'node:test';\nglobalThis.it = it;\n`);
      const { code, stdout } = await node('--import', './globals.mjs', FILE);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/pass 4/) });
    },
    MINUTE,
  );

  it(
    'runs under Jest, as ES modules',
    async () => {
      const { code, stderr } = await jest({ transform: {} }, '--experimental-vm-modules');
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/Tests: +4 passed/) });
    },
    MINUTE,
  );

  itIf(existsSync(NEST_11), 'no installation of Nest 11 (npm run test:nest-11 makes one)', false)(
    'runs under Jest, as CommonJS, on Nest 11',
    async () => {
      const { code, stderr } = await jest({
        transform: {
          '\\.js$': [
            resolve('node_modules/@swc/jest'),
            { jsc: { target: 'es2022' }, module: { type: 'commonjs' } },
          ],
        },
        transformIgnorePatterns: [
          '/node_modules/(?!(nestjs-fastauth|@nestjs/config|@nestjs/jwt|jose|lmdb|weak-lru-cache|cockatiel)/)',
        ],
        moduleNameMapper: {
          '^@nestjs/(common|core|testing|platform-[^/]+|websockets|microservices|swagger|event-emitter)(/.*)?$': `${NEST_11}/@nestjs/$1$2`,
        },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/Tests: +4 passed/) });
    },
    2 * MINUTE,
  );

  it(
    'runs under Vitest',
    async () => {
      const tools = temporaryFolder();
      writeFileSync(join(tools, 'package.json'), '{"private":true}');
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', VITEST], {
        cwd: tools,
        stdio: 'ignore',
      });
      const program = join(tools, 'node_modules/vitest/vitest.mjs');
      const { code, stdout } = await node(program, 'run', '--globals', '--root', folder);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/Tests +4 passed/) });
    },
    3 * MINUTE,
  );
});
