import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const ROOT = process.cwd();
const MINUTE = 60_000;

const APP = `
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';

@Controller()
class AppController {
  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return principal;
  }
}

@Module({
  imports: [FastauthModule.forRoot({ masterToken: 'm'.repeat(20), cryptographyKey: 'k'.repeat(32) })],
  controllers: [AppController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const issued = await fetch(url + '/auth/token/new?client_id=tarball', { headers: { 'MASTER-TOKEN': 'm'.repeat(20) } });
  const { data } = (await issued.json()) as { data: { access_token: string } };
  const closed = await fetch(url + '/whoami');
  const open = await fetch(url + '/whoami', { headers: { 'ACCESS-TOKEN': data.access_token } });
  const principal = (await open.json()) as Principal;
  console.log(JSON.stringify({ closed: closed.status, open: open.status, clientId: principal.clientId }));
  await app.close();
}
void main();
`;

const EXPECTED = { closed: 401, open: 200, clientId: 'tarball' };

describe('the published package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastauth-consumer-'));
    // Built before all specs; to build it here would take it away from those that run beside this one.
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: ROOT },
    );
    const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    packed = files.map(({ path }) => path);
    tarball = join(folder, filename);
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const version = (name: string): string => devDependencies[name] as string;
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({
        private: true,
        dependencies: {
          'nestjs-fastauth': `file:${filename}`,
          ...Object.fromEntries(
            [
              '@nestjs/common',
              '@nestjs/core',
              '@nestjs/platform-express',
              'reflect-metadata',
              'rxjs',
              'typescript',
              '@types/node',
            ].map((name) => [name, version(name)]),
          ),
        },
      }),
    );
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
  }, 3 * MINUTE);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let packed: string[];
  let tarball: string;

  it('holds the licences of what is joined to its files', () => {
    expect(packed.filter((path) => path.startsWith('dist/licenses/')).sort()).toEqual([
      'dist/licenses/rate-limiter-flexible.txt',
      'dist/licenses/zod.txt',
    ]);
  });

  it('holds built files and documents, and nothing else', () => {
    const others = packed.filter(
      (path) =>
        !/^(?:dist\/.+\.(?:js|d\.ts|json)|dist\/licenses\/[a-z-]+\.txt|docs\/[a-z-]+\.md|docs\/images\/[a-z-]+\.png|docs\/decisions\/(?:\d\d-[a-z-]+|README)\.md)$/.test(
          path,
        ),
    );
    expect(others.sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      // docs/performance.md links to these.
      'bench/README.md',
      'bench/REPORT.md',
      'bench/SCALE.md',
      'bench/report.svg',
      'bench/soak.svg',
      'package.json',
    ]);
    expect(packed.filter((path) => path.includes('.spec.'))).toEqual([]);
  });

  it.each([
    ['ESM', 'module', 'nodenext'],
    ['CommonJS', 'commonjs', 'nodenext'],
  ])(
    'compiles and runs in an empty %s application',
    async (_name, type, module) => {
      const source = join(folder, type === 'module' ? 'app.mts' : 'app.cts');
      await writeFile(source, APP);
      await run(
        process.execPath,
        [
          join(folder, 'node_modules/typescript/bin/tsc'),
          source,
          '--module',
          module,
          '--target',
          'es2022',
          '--strict',
          '--experimentalDecorators',
          '--emitDecoratorMetadata',
          '--types',
          'node',
          '--ignoreConfig',
        ],
        { cwd: folder },
      );
      const { stdout } = await run(process.execPath, [source.replace(/ts$/, 'js')], { cwd: folder });
      expect(JSON.parse(stdout.trim().split('\n').at(-1) as string)).toEqual(EXPECTED);
    },
    MINUTE,
  );

  it('has a command that runs', async () => {
    const { stdout } = await run(
      process.execPath,
      [join(folder, 'node_modules/nestjs-fastauth/dist/cli/main.js'), '--help'],
      { cwd: folder },
    );
    expect(stdout).toContain('fastauth');
  });

  it(
    'rotates, imports, lists and retires keys as the installed command',
    async () => {
      const cwd = await mkdtemp(join(folder, 'ring-'));
      await writeFile(
        join(cwd, 'fastauth.config.json'),
        JSON.stringify({ 'key-set-file': 'keys.json', 'database-url': 'lmdb:sessions', 'refresh-grace': 0 }),
      );
      const fastauth = async (...args: string[]) => {
        const command = join(folder, 'node_modules/.bin/fastauth');
        const { stdout } = await run(command, [...args, '--json'], {
          cwd,
          env: { PATH: process.env['PATH'] },
        });
        return JSON.parse(stdout) as Record<string, unknown>;
      };
      const { kid } = await fastauth('keys', 'rotate', '--algorithm', 'EdDSA');
      expect(await fastauth('token', 'new', '--client-id', 'a')).toMatchObject({ client_id: 'a' });
      await writeFile(join(cwd, 'old.txt'), 'a secret of the time before, long enough');
      const imported = await fastauth('keys', 'import', 'old.txt', '--kid', 'old');
      expect(imported).toEqual({ kids: ['old'] });
      const next = await fastauth('keys', 'rotate', '--after', '60');
      expect(next).toMatchObject({ algorithm: 'EdDSA', previous_kid: kid });
      expect(await fastauth('keys', 'list')).toMatchObject({
        keys: [
          { kid, algorithm: 'EdDSA', status: 'signing', sessions: 1 },
          { kid: 'old', algorithm: 'HS256', status: 'verify-only', sessions: 0 },
          { kid: next['kid'], algorithm: 'EdDSA', status: 'next', sessions: 0 },
        ],
      });
      await expect(fastauth('keys', 'retire', String(kid))).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Make another key first: fastauth keys rotate'),
      });
      expect(await fastauth('keys', 'retire', 'old', '--now', '--force')).toMatchObject({ kid: 'old' });
    },
    MINUTE,
  );

  it(
    'is clean to publint and arethetypeswrong',
    async () => {
      await run(process.execPath, [join(ROOT, 'node_modules/publint/src/cli.js'), '--strict'], { cwd: ROOT });
      await run(
        process.execPath,
        [join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only'],
        {
          cwd: folder,
        },
      );
    },
    MINUTE,
  );
});
