import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build, type BuildOptions } from 'esbuild';
import { transpile } from '../support/compile.js';
import { type CommandRun, installInto, runIn } from '../support/documented-app.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MINUTE = 60_000;
const WEBPACK = 'webpack@^5.101.0';

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
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      auditLog: 'off',
      databaseUrl: 'lmdb:sessions',
      masterToken: 'm'.repeat(20),
      cryptographyKey: 'k'.repeat(32),
    }),
  ],
  controllers: [AppController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const issued = await fetch(url + '/auth/token/new?client_id=bundle', { headers: { 'MASTER-TOKEN': 'm'.repeat(20) } });
  const { data } = (await issued.json()) as { data: { access_token: string } };
  const closed = await fetch(url + '/whoami');
  const open = await fetch(url + '/whoami', { headers: { 'ACCESS-TOKEN': data.access_token } });
  console.log(closed.status, open.status, ((await open.json()) as Principal).clientId);
  await app.close();
}
main().catch((error: Error) => console.log(error.message));
`;

/** As docs/with-your-application.md lists them: what is native, and what need not be installed. */
const EXTERNAL = [
  'lmdb',
  '@nestjs/microservices',
  '@nestjs/swagger',
  '@nestjs/websockets',
  '@opentelemetry/api',
  'class-transformer',
  'class-validator',
  'ioredis',
  'kysely',
  'mysql2',
  'pg',
];

describe('an application in a bundle', () => {
  let source: string;
  /** Has everything that may be installed, and one that has the native package alone. */
  let full: string;
  let bare: string;
  beforeAll(async () => {
    full = temporaryFolder();
    installInto(full);
    source = join(full, 'main.js');
    writeFileSync(source, await transpile(APP));
    bare = temporaryFolder();
    mkdirSync(join(bare, 'node_modules'));
    symlinkSync(resolve('node_modules/lmdb'), join(bare, 'node_modules/lmdb'));
  });
  afterAll(removeTemporaryFolders);

  const bundle = (options: BuildOptions) =>
    build({ entryPoints: [source], bundle: true, platform: 'node', logLevel: 'silent', ...options });
  const run = (file: string): Promise<CommandRun> => runIn(resolve(file, '..'), process.execPath, [file]);
  const WORKS = { code: 0, stdout: '401 200 bundle\n', stderr: '' };

  it('of esbuild with all packages external works', async () => {
    await bundle({ packages: 'external', format: 'esm', outfile: join(full, 'external.mjs') });
    expect(await run(join(full, 'external.mjs'))).toEqual(WORKS);
  });

  it('of esbuild as CommonJS works, where optional packages are not installed', async () => {
    await bundle({ external: EXTERNAL, format: 'cjs', minify: true, outfile: join(bare, 'app.cjs') });
    expect(await run(join(bare, 'app.cjs'))).toEqual(WORKS);
  });

  it('of esbuild as a file of ES modules works, where optional packages are not installed', async () => {
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    await bundle({ external: EXTERNAL, format: 'esm', minify: true, banner, outfile: join(bare, 'app.mjs') });
    expect(await run(join(bare, 'app.mjs'))).toEqual(WORKS);
  });

  it('with lmdb in it says what is to be external', async () => {
    const external = EXTERNAL.filter((name) => name !== 'lmdb');
    await bundle({ external, format: 'cjs', outfile: join(bare, 'native.cjs') });
    const { stdout } = await run(join(bare, 'native.cjs'));
    expect(stdout).toContain(
      `the native part of the package "lmdb" for ${process.platform}-${process.arch} is not where the package looks for it`,
    );
    expect(stdout).toContain(
      'If the application is a bundle, mark "lmdb" as external and install it beside the bundle',
    );
    expect(stdout).not.toContain('Move the folder away');
  });

  it('with Nest in it and fastauth external has Nest twice, and Nest says what it cannot resolve', async () => {
    await bundle({
      external: ['nestjs-fastauth', ...EXTERNAL],
      format: 'cjs',
      outfile: join(full, 'twice.cjs'),
    });
    expect((await run(join(full, 'twice.cjs'))).stdout).toMatch(/FastauthModule .*\n*.*ModulesContainer/);
  });

  it(
    'of webpack works',
    async () => {
      const tools = temporaryFolder();
      writeFileSync(join(tools, 'package.json'), '{"private":true}');
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', WEBPACK], {
        cwd: tools,
        stdio: 'ignore',
      });
      const config = {
        mode: 'none',
        target: 'node20',
        entry: source,
        output: { path: bare, filename: 'webpacked.cjs' },
        externalsType: 'import',
      };
      writeFileSync(join(tools, 'run.cjs'), RUN_WEBPACK);
      const built = await runIn(tools, process.execPath, [
        join(tools, 'run.cjs'),
        JSON.stringify(config),
        ...EXTERNAL,
      ]);
      expect(built).toMatchObject({ code: 0, stdout: '' });
      expect(await run(join(bare, 'webpacked.cjs'))).toEqual(WORKS);
    },
    3 * MINUTE,
  );

  it('needs what the documentation lists', () => {
    const [, list] =
      /stay external: ([^.]+)\./.exec(readFileSync('docs/with-your-application.md', 'utf8')) ?? [];
    const listed = [...(list ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(listed.sort()).toEqual([...EXTERNAL].sort());
  });
});

const RUN_WEBPACK = `
const webpack = require('webpack');
const [, , config, ...names] = process.argv;
const externals = names.map((name) => new RegExp('^' + name + '(/|$)'));
webpack({ ...JSON.parse(config), externals }, (error, stats) => {
  if (error || stats.hasErrors()) console.log(error ?? stats.toString('errors-only'));
});
`;
