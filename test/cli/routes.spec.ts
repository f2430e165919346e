import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installInto } from '../support/documented-app.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Each run of the command is a process of its own. */
jest.setTimeout(120_000);

/** Plain JavaScript: decorators are called as what they are. */
const appWith = (decorators: string): string => `
import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, FastauthModule, Public } from 'nestjs-fastauth';
class Devices {
  list() { return []; }
  health() { return {}; }
}
const on = (name, ...decorators) => {
  for (const decorate of decorators) decorate(Devices.prototype, name, Object.getOwnPropertyDescriptor(Devices.prototype, name));
};
on('list', Get('devices'));
on('health', Get('health'));
${decorators}
Controller()(Devices);
export class AppModule {}
Module({
  imports: [FastauthModule.forRoot({
    configFile: false, envFile: false, databaseUrl: 'memory:', masterToken: 'a-master-token-of-this-spec',
    cryptographyKey: 'a-cryptography-key-of-this-test-0123456789',
  })],
  controllers: [Devices],
})(AppModule);
`;
const GUARDED = "on('list', AccessOnly());\non('health', Public());";

describe('fastauth routes', () => {
  let folder: string;
  const routes = (...args: string[]): Promise<CliRun> =>
    runCli(['routes', '--app', './app.module.js', ...args], { cwd: folder });
  const write = (decorators: string): void =>
    writeFileSync(join(folder, 'app.module.js'), appWith(decorators));
  beforeAll(() => {
    folder = temporaryFolder();
    installInto(folder);
  });
  afterAll(removeTemporaryFolders);

  it('lists what there is, without listening, and says which hooks ran', async () => {
    write(GUARDED);
    const { code, stdout, stderr } = await routes();
    expect(stderr).toContain('onApplicationBootstrap have run');
    expect(stdout).toMatch(/route +GET \/devices +access \(decorator\)/);
    expect(code).toBe(0);
    const json = JSON.parse((await routes('--json')).stdout);
    expect(json.entries).toContainEqual(expect.objectContaining({ name: 'GET /health', isOpen: true }));
    expect((await routes('--md')).stdout).toContain(
      '| route | `GET /devices` | access | decorator | Devices.list |',
    );
  });

  it('exits with 1 where something is open that nobody meant', async () => {
    write(GUARDED);
    expect((await routes('--fail-on', 'unguarded,dead-rule,unenforced')).code).toBe(0);
    for (const decorator of GUARDED.split('\n')) {
      write(GUARDED.replace(decorator, ''));
      expect([decorator, (await routes('--fail-on', 'unguarded')).code]).toEqual([decorator, 1]);
    }
    expect((await routes('--fail-on', 'unguraded')).code).toBe(2);
  });

  it('holds the application to a baseline, and writes it', async () => {
    write(GUARDED);
    const file = join(folder, 'fastauth.routes.json');
    const args = ['--baseline', file];
    expect((await routes(...args, '--write-baseline')).stdout).toContain('GET /health has no reason');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"reason": ""', '"reason": "for probes"'));
    expect((await routes(...args)).code).toBe(0);
    write(GUARDED.replace('AccessOnly', 'Public'));
    expect(await routes(...args)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('GET /devices is open'),
    });
    write(GUARDED.replace('Public', 'AccessOnly'));
    expect(await routes(...args)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('not open any more'),
    });
  });

  it('takes a function that makes the application as main.ts does', async () => {
    write(
      `${GUARDED}\nexport async function createApp() {\n` +
        "  const { NestFactory } = await import('@nestjs/core');\n  const app = await NestFactory.create(AppModule);\n" +
        "  app.setGlobalPrefix('api');\n  return app;\n}",
    );
    expect((await routes('--export', 'createApp')).stdout).toContain('GET /api/devices');
    expect(await routes()).toMatchObject({ code: 2, stderr: expect.stringContaining('--export') });
  });
});
