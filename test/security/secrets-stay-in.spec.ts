import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Controller, Get, Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  FastauthConfigService,
  FastauthModule,
  HttpGuard,
  TokenController,
  TokenService,
} from 'nestjs-fastauth';
import type { FastauthOptions } from '../../src/config/fastauth-options.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER = 'the-plain-master-token-of-this-spec';
const OTHER_MASTER = 'the-other-master-token-of-this-spec';
const KEY = 'the cryptography key of this spec, thirty-two bytes';
const RING_KEY = 'a key of the ring of this spec, thirty-two bytes';
const FILE_KEY = Buffer.from('a key of the key set file, thirty-two bytes').toString('base64url');
const PASSWORD = 'the-password-of-a-store';
const HEADER = 'the-value-of-a-header';
const PEM = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

afterAll(removeTemporaryFolders);

function keySetFile(): string {
  const path = join(temporaryFolder(), 'keys.json');
  const keys = [{ kty: 'oct', k: FILE_KEY, alg: 'HS256', kid: 'file', status: 'verify-only' }];
  writeFileSync(path, JSON.stringify({ keys }), { mode: 0o600 });
  return path;
}

const base: FastauthOptions = {
  configFile: false,
  envFile: false,
  databaseUrl: 'memory:',
  masterToken: MASTER,
  masterTokens: [{ name: 'ops', token: OTHER_MASTER }],
  cryptographyKey: KEY,
};

/** Nothing listens there: clients are made, and keep what they connect with. */
const AWAY = `user:${PASSWORD}@127.0.0.1:1`;
const CASES: readonly [string, FastauthOptions][] = [
  ['secrets of the configuration', base],
  ['keys of a ring', { ...base, cryptographyKeys: [{ kid: 'r', secret: RING_KEY, status: 'signing' }] }],
  [
    'a PEM key',
    { ...base, cryptographyKeys: [{ kid: 'p', pem: PEM, algorithm: 'EdDSA', status: 'signing' }] },
  ],
  ['a key set file', { ...base, keySetFile: keySetFile() }],
  [
    'headers of the REST API',
    { ...base, databaseUrl: `http://${AWAY}/base`, headers: { 'x-api-key': HEADER } },
  ],
  ['Redis', { ...base, databaseUrl: `redis://${AWAY}/0` }],
  ['PostgreSQL', { ...base, databaseUrl: `postgres://${AWAY}/test` }],
  ['MariaDB', { ...base, databaseUrl: `mysql://${AWAY}/test` }],
  ['a store of failed attempts', { ...base, failedAttemptsStore: `redis://${AWAY}/0` }],
];
const PEM_LINE = PEM.split('\n')[1] as string;
const SECRETS = [MASTER, OTHER_MASTER, KEY, RING_KEY, FILE_KEY, PASSWORD, HEADER, PEM_LINE];
const SPELLINGS = SECRETS.flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64'),
  encodeURIComponent(secret),
  Buffer.from(secret)
    .toString('hex')
    .slice(0, 80)
    .replaceAll(/(..)(?=.)/g, '$1 '),
]);

const REGISTRATIONS: readonly [string, (options: FastauthOptions) => DynamicModule][] = [
  ['forRoot', (options) => FastauthModule.forRoot({ ...options, tokenController: OwnTokenController })],
  [
    'forRootAsync, useFactory',
    (options) =>
      FastauthModule.forRootAsync({ useFactory: async () => options, tokenController: OwnTokenController }),
  ],
  [
    'forRootAsync, useClass',
    (options) =>
      FastauthModule.forRootAsync({
        useClass: class OptionsFactory {
          createFastauthOptions(): FastauthOptions {
            return options;
          }
        },
        tokenController: OwnTokenController,
      }),
  ],
];

class OwnTokenController extends TokenController {}

@Controller()
class DraggingController {
  constructor(
    readonly tokens: TokenService,
    readonly config: FastauthConfigService,
  ) {}

  @Get('log')
  log(): string {
    return inspect(this, { depth: 12, showHidden: true });
  }
}

/** As JSON.stringify, but goes on where it would find a cycle. */
function jsonOf(value: unknown): string {
  const open = new Set<unknown>();
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return String(member);
    if (typeof member !== 'object' || member === null) return member;
    if (open.has(member)) return '[seen]';
    open.add(member);
    return member;
  });
  return text ?? '';
}

function secretsIn(text: string): string[] {
  return SPELLINGS.filter((spelling) => text.includes(spelling));
}

describe.each(REGISTRATIONS)('with %s, no provider shows', (_how, register) => {
  it.each(CASES)('%s', async (_what, options) => {
    @Module({ imports: [register(options)], controllers: [DraggingController] })
    class AppModule {}
    const app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({
      logger: false,
    });
    // A store that is away may refuse to start; its client is made all the same.
    await app.init().catch(() => undefined);
    try {
      const modules = [...app.get(ModulesContainer).values()];
      const own = modules.find(({ metatype }) => metatype === FastauthModule);
      const shown: string[] = [];
      for (const [token, { instance }] of [...(own?.providers ?? []), ...(own?.controllers ?? [])]) {
        // Nest's own way to everything that there is.
        if (token === ModuleRef) continue;
        const name = typeof token === 'function' ? token.name : String(token);
        const text = inspect(instance, { depth: 12, showHidden: true }) + jsonOf(instance);
        shown.push(...secretsIn(text).map((secret) => `${name}: ${secret}`));
      }
      const controller = app.get(DraggingController);
      shown.push(...secretsIn(controller.log() + jsonOf({ ...controller })));
      expect(shown).toEqual([]);
      expect(own?.providers.size).toBeGreaterThan(30);
      expect([...(own?.providers.values() ?? [])].some(({ metatype }) => metatype === HttpGuard)).toBe(true);
    } finally {
      await app.close().catch(() => undefined);
    }
  });
});

describe('FastauthConfigService of an application', () => {
  it('knows that there is a master token, keeps its digest alone, and gives the rest to those who ask', async () => {
    const options = { ...base, headers: { 'x-api-key': HEADER } };
    const module = await Test.createTestingModule({ imports: [FastauthModule.forRoot(options)] }).compile();
    const config = module.get(FastauthConfigService);
    expect(config.has('masterToken')).toBe(true);
    expect(config.get('masterToken')).toBeUndefined();
    expect(config.get('masterTokens').map(({ name }) => name)).toEqual(['master-token', 'ops']);
    expect(config.get('cryptographyKey')).toBe(KEY);
    expect(config.get('headers')).toEqual({ 'x-api-key': HEADER });
    expect(JSON.parse(JSON.stringify(config))).toMatchObject({
      masterToken: '[redacted]',
      headers: { 'x-api-key': '[redacted]' },
      appName: 'fastauth',
    });
    await module.close();
  });
});
