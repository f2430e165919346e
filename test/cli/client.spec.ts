import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, type CliRun } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SECRET = /^fa_cs_[\w-]{43}$/;

describe('fastauth client', () => {
  let folder: string;
  const client = (...args: string[]): Promise<CliRun> => runCli(['client', ...args], { cwd: folder });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await client(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };
  beforeEach(() => {
    folder = temporaryFolder();
    writeFileSync(
      join(folder, 'fastauth.config.json'),
      JSON.stringify({
        'token-endpoint': true,
        clients: [{ 'client-id': 'configured', 'secret-hashes': [`sha256:${'ab'.repeat(32)}`] }],
      }),
    );
  });
  afterAll(removeTemporaryFolders);

  it('adds a client, shows its secret once, lists, shows and removes it', async () => {
    const args = ['--client-id', 'billing', '--name', 'Billing', '--introspect', '--expires-in', '60'];
    const added = await json(
      'add',
      ...args,
      '--scope',
      'a:read',
      'a:write',
      '--audience',
      'https://api.example/',
    );
    expect(added).toEqual({
      client_id: 'billing',
      name: 'Billing',
      method: 'client_secret_basic',
      secrets: 1,
      public_keys: [],
      grants: ['client_credentials'],
      scopes: ['a:read', 'a:write'],
      audiences: ['https://api.example/'],
      introspect: true,
      access_token_expires_in: 60,
      enabled: true,
      source: 'store',
      client_secret: expect.stringMatching(SECRET),
    });
    const { client_secret: secret, ...view } = added;
    expect(await json('show', 'billing')).toEqual(view);
    const listed = await client('list');
    expect(listed.stdout).toMatch(
      /^configured +enabled .*configuration\nbilling +enabled .*store +Billing\n$/,
    );
    expect(listed.stdout + (await client('show', 'billing')).stdout).not.toContain(secret.slice(6));
    expect(await json('remove', 'billing')).toEqual({ client_id: 'billing', removed: true, ended: 0 });
    expect(await client('show', 'billing')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no client'),
    });
  });

  it.each([
    ['in several arguments', ['--scope', 'a', 'b', 'c']],
    ['in one, with spaces between', ['--scope', 'a b c']],
    ['one by one', ['--scope', 'a', '--scope', 'b', '--scope', 'c']],
    ['in all of these ways', ['--scope', 'a b', '--scope', 'c', 'a']],
  ])('takes scopes %s, as "token new" does', async (_how, args) => {
    expect(await json('add', ...args)).toMatchObject({ scopes: ['a', 'b', 'c'] });
    const options = { cwd: folder, env: { CRYPTOGRAPHY_KEY: 'a key of the tests, 32 bytes or more' } };
    const { stdout } = await runCli(['token', 'new', '--json', ...args], options);
    const { access_token: token } = JSON.parse(stdout) as { access_token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ scope: 'a b c' });
  });

  it('rotates secrets: two are good, or one', async () => {
    await json('add', '--client-id', 'billing');
    const second = await json('rotate-secret', 'billing');
    expect(second).toEqual({
      client_id: 'billing',
      client_secret: expect.stringMatching(SECRET),
      secrets: 2,
    });
    expect((await json('rotate-secret', 'billing')).secrets).toBe(2);
    expect(await json('drop-old-secret', 'billing')).toEqual({
      client_id: 'billing',
      secrets: 1,
      dropped: 1,
    });
    expect(await client('drop-old-secret', 'billing')).toMatchObject({ code: 1 });
    expect((await json('rotate-secret', 'billing')).secrets).toBe(2);
    expect((await json('rotate-secret', 'billing', '--drop-old')).secrets).toBe(1);
  });

  it('disables and enables', async () => {
    await json('add', '--client-id', 'billing');
    expect(await json('disable', 'billing')).toEqual({ client_id: 'billing', enabled: false, ended: 0 });
    expect((await client('list')).stdout).toMatch(/billing +disabled/);
    expect(await json('enable', 'billing')).toEqual({ client_id: 'billing', enabled: true });
    expect((await json('show', 'billing')).enabled).toBe(true);
  });

  it('registers public keys, and no private ones', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const write = (key: object) => writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [key] }));
    write({ ...publicKey.export({ format: 'jwk' }), kid: '1' });
    const added = await json('add', '--client-id', 'signer', '--keys', 'keys.json');
    expect(added).toMatchObject({ method: 'private_key_jwt', secrets: 0, public_keys: [{ kid: '1' }] });
    expect(added).not.toHaveProperty('client_secret');
    expect(await client('rotate-secret', 'signer')).toMatchObject({ code: 2 });
    write(privateKey.export({ format: 'jwk' }));
    expect(await client('add', '--client-id', 'b', '--keys', 'keys.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is private'),
    });
  });

  it('keeps a client that is there', async () => {
    await json('add', '--client-id', 'billing');
    for (const clientId of ['billing', 'configured']) {
      expect(await client('add', '--client-id', clientId)).toMatchObject({ code: 3 });
    }
    expect(await client('disable', 'configured')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is one of the configuration'),
    });
  });

  it.each([
    ['add', '--scope', 'a"b'],
    ['add', '--scope', ''],
    ['add', '--audience', 'x'],
    ['add', '--grant', 'password'],
    ['add', '--method', 'none'],
    ['add', '--method', 'private_key_jwt'],
    ['add', '--keys', 'none.json'],
    ['add', '--expires-in', '0'],
    ['add', '--client-id', ''],
    ['show'],
    ['unknown'],
  ])('says what is wrong with: %s %s %s', async (...args) => {
    expect((await client(...args.filter((arg) => arg !== undefined))).code).toBe(2);
  });

  it('says that the REST API keeps no clients', async () => {
    const env = { DATABASE_API_URL: 'http://127.0.0.1:9' };
    const run = await runCli(['client', 'add'], { cwd: folder, env });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('keeps no clients') });
    expect((await runCli(['client', 'list'], { cwd: folder, env })).stdout).toContain('configured');
  });
});
