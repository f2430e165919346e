import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentedApp, runIn } from '../support/documented-app.js';
import { codeBlocks } from '../support/markdown-blocks.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

// The package as teams install it: README's "Get started" builds, starts and guards, and a test runs in the
// application's own runner with the settings of docs/testing.md.

const run = promisify(execFile);
const MINUTE = 60_000;

const E2E = `
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { TokenService } from 'nestjs-fastauth';

describe('the application', () => {
  let app: INestApplication;
  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('guards its routes', async () => {
    const url = await app.getUrl();
    expect((await fetch(url + '/whoami')).status).toBe(401);
    const { accessToken } = await app.get(TokenService).issue({ clientId: 'test' });
    const answer = await fetch(url + '/whoami', { headers: { 'ACCESS-TOKEN': accessToken } });
    expect(await answer.json()).toMatchObject({ clientId: 'test' });
  });
});
`;
/** In place of the types of a runner. */
const GLOBALS = `declare function describe(name: string, body: () => void): void;
declare function it(name: string, body: () => unknown): void;
declare function beforeAll(body: () => unknown): void;
declare function afterAll(body: () => unknown): void;
declare function expect(value: unknown): Record<'toBe' | 'toMatchObject', (expected: unknown) => void>;\n`;
const NODE_TEST = `import { after as afterAll, before as beforeAll, describe, it } from 'node:test';
import assert from 'node:assert/strict';
const expect = (value: unknown) => ({
  toBe: (expected: unknown) => assert.equal(value, expected),
  toMatchObject: ({ clientId }: { clientId: string }) =>
    assert.equal((value as { clientId: unknown }).clientId, clientId),
});\n`;

const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext', isolatedModules: true };
const COMMONJS = { module: 'commonjs', moduleResolution: 'node' };
const JEST = 'node_modules/jest/bin/jest.js';
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.config.e2e.mjs'];
const NODE = ['--test', 'dist/test/app.e2e-spec.js'];

const APPLICATIONS = [
  {
    nest: 11,
    name: 'CommonJS, ts-jest',
    compiler: COMMONJS,
    runner: [JEST, '-c', 'jest.commonjs.config.cjs'],
  },
  {
    nest: 11,
    name: 'nodenext, ts-jest',
    compiler: NODENEXT,
    runner: [JEST, '-c', 'jest.commonjs.config.cjs'],
  },
  { nest: 12, name: 'ES modules, Vitest', type: 'module', compiler: NODENEXT, runner: VITEST },
  {
    nest: 12,
    name: 'ES modules, Jest',
    type: 'module',
    compiler: NODENEXT,
    runner: ['--experimental-vm-modules', JEST, '-c', 'jest.esm.config.mjs'],
  },
  { nest: 12, name: 'CommonJS, Vitest', compiler: NODENEXT, runner: VITEST },
  { nest: 12, name: 'CommonJS, node:test', compiler: NODENEXT, runner: NODE },
] as const;

/** The lowest and the highest that are promised. */
const TYPESCRIPTS = ['5.6', '6.0'];

const PACKAGES = {
  11: {
    dependencies: ['@nestjs/common@^11.2.6', '@nestjs/core@^11.2.6', '@nestjs/platform-express@^11.2.6'],
    devDependencies: ['@nestjs/testing@^11.2.6', 'jest@^30.0.0', 'ts-jest@^29.4.0', 'typescript@~5.9.0'],
  },
  12: {
    dependencies: ['@nestjs/common@^12.0.0', '@nestjs/core@^12.0.0', '@nestjs/platform-express@^12.0.0'],
    devDependencies: [
      '@nestjs/testing@^12.0.0',
      'jest@^30.0.0',
      'ts-jest@^29.4.0',
      'typescript@~6.0.0',
      'vitest@^4.1.0',
    ],
  },
};

const COMPILER_OPTIONS = {
  target: 'es2022',
  strict: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: false,
  types: ['node'],
  rootDir: '.',
  outDir: 'dist',
};

const versions = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [name.slice(0, name.lastIndexOf('@')), name.slice(name.lastIndexOf('@') + 1)]),
  );

/** The blocks of the pages that have a name, by it. */
const FILES = Object.fromEntries(
  ['README.md', 'docs/testing.md'].flatMap(codeBlocks).flatMap(({ code }) => {
    const name = /^\/\/ (\S+)\n/.exec(code)?.[1];
    return name === undefined ? [] : [[name, code]];
  }),
);

/** Of "Get started", the test, and the settings of the runners. */
const WANTED =
  /^(?:src\/(?:main|app\.module|app\.controller)\.ts|test\/app\.e2e-spec\.ts|[\w.]+\.(?:json|[cm]js))$/;

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, code] of Object.entries(files).filter(([each]) => WANTED.test(each))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
}

describe.each([11, 12] as const)('an application of Nest %s', (nest) => {
  let installed: string;
  let output: string;
  beforeAll(async () => {
    installed = temporaryFolder();
    const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', installed];
    const [{ filename }] = JSON.parse((await run('npm', pack)).stdout) as [{ filename: string }];
    const { dependencies, devDependencies } = PACKAGES[nest];
    writeFileSync(
      join(installed, 'package.json'),
      JSON.stringify({
        private: true,
        dependencies: {
          ...versions([...dependencies, 'reflect-metadata@^0.2.2', 'rxjs@^7.8.1']),
          'nestjs-fastauth': `file:${filename}`,
        },
        devDependencies: {
          ...versions([...devDependencies, '@types/node@^20.19.0']),
          ...Object.fromEntries(
            TYPESCRIPTS.map((version) => [`typescript-${version}`, `npm:typescript@~${version}.0`]),
          ),
        },
      }),
    );
    const { stdout, stderr } = await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: installed,
    });
    output = stdout + stderr;
  }, 5 * MINUTE);
  afterAll(removeTemporaryFolders);

  it('installs without a warning about the package or its peers', () => {
    expect(output).not.toMatch(/ERESOLVE|peer|nestjs-fastauth/);
  });

  it.each(TYPESCRIPTS)(
    'compiles with TypeScript %s',
    async (version) => {
      const folder = temporaryFolder();
      symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'));
      write(folder, {
        ...FILES,
        'package.json': '{"private":true,"type":"module"}',
        'tsconfig.json': JSON.stringify({
          compilerOptions: { ...COMPILER_OPTIONS, ...NODENEXT },
          include: ['src'],
        }),
      });
      const compiler = join('node_modules', `typescript-${version}`, 'bin/tsc');
      expect(await runIn(folder, process.execPath, [compiler])).toEqual({ code: 0, stdout: '', stderr: '' });
    },
    MINUTE,
  );

  it(
    'installs with pnpm, and starts',
    async () => {
      const folder = temporaryFolder();
      const { dependencies, devDependencies } = JSON.parse(
        readFileSync(join(installed, 'package.json'), 'utf8'),
      ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
      const names = ['typescript', '@types/node'];
      write(folder, {
        ...FILES,
        'package.json': JSON.stringify({
          private: true,
          type: 'module',
          dependencies: {
            ...dependencies,
            'nestjs-fastauth': dependencies['nestjs-fastauth']?.replace('file:', `file:${installed}/`),
          },
          devDependencies: Object.fromEntries(names.map((name) => [name, devDependencies[name]])),
        }),
        'tsconfig.json': JSON.stringify({
          compilerOptions: { ...COMPILER_OPTIONS, ...NODENEXT },
          include: ['src'],
        }),
      });
      const pnpm = ['exec', '--yes', '--package', 'pnpm@10', '--', 'pnpm', 'install', '--prefer-offline'];
      const { stdout, stderr } = await run('npm', pnpm, { cwd: folder });
      expect(stdout + stderr).not.toMatch(/unmet peer|nestjs-fastauth.*deprecated/);
      const call = (...args: readonly string[]) => runIn(folder, process.execPath, args);
      expect(await call('node_modules/nestjs-fastauth/dist/cli/main.js', 'init')).toMatchObject({ code: 0 });
      expect(await call('node_modules/typescript/bin/tsc')).toEqual({ code: 0, stdout: '', stderr: '' });
      const app = await DocumentedApp.start(join(folder, 'dist/src/main.js'), folder);
      try {
        expect((await fetch(`${app.url}/whoami`)).status).toBe(401);
      } finally {
        await app.stop();
      }
    },
    3 * MINUTE,
  );

  it.each(APPLICATIONS.filter((each) => each.nest === nest))(
    'as $name builds, starts, guards, and tests itself',
    async ({ compiler, runner, ...application }) => {
      const folder = temporaryFolder();
      symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'));
      const type = 'type' in application ? application.type : 'commonjs';
      const isNodeTest = runner === NODE;
      const files = {
        ...FILES,
        'package.json': JSON.stringify({ private: true, type }),
        'test/app.e2e-spec.ts': (isNodeTest ? NODE_TEST : GLOBALS) + E2E,
        'tsconfig.json': JSON.stringify({
          compilerOptions: { ...COMPILER_OPTIONS, ...compiler },
          include: ['src', 'test'],
        }),
      };
      write(folder, files);
      const call = (...args: readonly string[]) => runIn(folder, process.execPath, args);

      expect(await call('node_modules/nestjs-fastauth/dist/cli/main.js', 'init')).toMatchObject({ code: 0 });
      expect(await call('node_modules/typescript/bin/tsc')).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(existsSync(join(folder, 'dist/src/main.js'))).toBe(true);

      const app = await DocumentedApp.start(join(folder, 'dist/src/main.js'), folder);
      try {
        const master = /^MASTER_TOKEN=(.+)$/m.exec(readFileSync(join(folder, '.env'), 'utf8'))?.[1] ?? '';
        const issued = await fetch(`${app.url}/auth/token/new`, {
          method: 'POST',
          headers: { 'MASTER-TOKEN': master },
          body: new URLSearchParams({ client_id: 'sensor-17' }),
        });
        const { data } = (await issued.json()) as { data: { access_token: string } };
        const headers = { 'ACCESS-TOKEN': data.access_token };
        expect((await fetch(`${app.url}/whoami`)).status).toBe(401);
        expect((await fetch(`${app.url}/whoami`, { headers })).status).toBe(200);
        expect((await fetch(`${app.url}/admin/stats`, { headers })).status).toBe(401);
      } finally {
        await app.stop();
      }
      const tested = await call(...runner);
      expect(tested).toMatchObject({ code: 0 });
      expect(tested.stdout + tested.stderr).toMatch(/1 passed|pass 1/);
    },
    3 * MINUTE,
  );
});
