import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FakeClock } from '../../test/support/fake-clock.js';
import { writeKeySet } from '../../test/support/key-set.js';
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js';
import type { KeyProvider } from '../config/key-provider.js';
import { KeySources } from '../config/key-sources.js';
import { ConfigError } from '../errors.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { importSecret } from '../keys/import-key.js';
import type { KeySetDocument } from '../keys/key-set-document.js';
import { KeyRingWatcher } from './key-ring-watcher.js';

const SECRET = 'the key of the configuration, which is long enough';
const FIRST = importSecret(SECRET).kid;
const jwk = (text: string, kid: string) => ({
  kty: 'oct',
  alg: 'HS256',
  kid,
  k: Buffer.from(text).toString('base64url'),
});
const LOG_METHODS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;

describe('a key set file', () => {
  let file: string;
  let clock: FakeClock;
  let lines: string[];
  const second = (): KeySetDocument => ({
    keys: [{ ...jwk('the key of the file, which is long enough, too', 'second'), status: 'signing' }],
    retired: { [FIRST]: clock.seconds - 1 },
  });
  const open = (config: object = {}, provider?: KeyProvider): Promise<KeyRingWatcher> =>
    KeyRingWatcher.open(
      new KeySources(
        {
          cryptographyKey: SECRET,
          cryptographyKeys: [],
          tokenAlgorithm: 'HS256',
          keySetFile: file,
          ...config,
        },
        provider,
      ),
      clock,
      new FastauthEvents(),
      () => [],
    );
  /** Has the file looked at, as happens each second, and says which keys are in force. */
  const look = async ({ active }: KeyRingWatcher): Promise<readonly string[] | undefined> => {
    clock.advance(31);
    await active?.reload();
    return active?.current.keys.map(({ kid }) => kid);
  };
  const errors = (): string[] => lines.filter((line) => line.startsWith('error'));

  beforeEach(() => {
    file = join(temporaryFolder(), 'keys.json');
    clock = new FakeClock();
    lines = [];
    Logger.overrideLogger(
      Object.fromEntries(
        LOG_METHODS.map((level) => [level, (line: string) => lines.push(`${level}: ${line}`)]),
      ) as never,
    );
  });
  afterEach(() => Logger.overrideLogger(['log', 'error']));
  afterAll(removeTemporaryFolders);

  const gone: [string, string, (path: string) => void][] = [
    ['has been removed', 'is not there any more', () => {}],
    [
      'is on a volume that is not mounted',
      'is not there any more',
      (path) => symlinkSync('/nonexistent/keys.json', path),
    ],
    ['has become a folder', 'is not a regular file', (path) => mkdirSync(path)],
    ['has become a FIFO', 'is not a regular file', (path) => execFileSync('mkfifo', ['-m', '600', path])],
    ['has become a device', 'is not a regular file', (path) => symlinkSync('/dev/zero', path)],
    ['has been emptied', 'is no JSON object', (path) => writeFileSync(path, '', { mode: 0o600 })],
    ['has been cut', 'is no JSON object', (path) => writeFileSync(path, '{"keys": [', { mode: 0o600 })],
    [
      'is too long',
      'is longer than 1 MiB',
      (path) => writeFileSync(path, ' '.repeat(1_100_000), { mode: 0o600 }),
    ],
    [
      'is open to others',
      'is open to others than its owner (mode 644)',
      (path) => {
        writeKeySet(path, second());
        chmodSync(path, 0o644);
      },
    ],
  ];

  it.each(gone)(
    'that %s leaves the keys as they were, and that is said once',
    async (_what, reason, make) => {
      writeKeySet(file, second());
      const watcher = await open();
      expect(await look(watcher)).toEqual(['second']);
      rmSync(file);
      make(file);
      for (let times = 0; times < 3; times++) expect(await look(watcher)).toEqual(['second']);
      expect(errors()).toEqual([expect.stringContaining(`key-set-file ${file} ${reason}`)]);
      expect(lines.join('\n')).not.toContain('the key of');

      rmSync(file, { recursive: true, force: true });
      writeKeySet(file, {
        keys: [...second().keys, { ...jwk(`${SECRET}, third`, 'third'), status: 'next' }],
      });
      expect(await look(watcher)).toEqual(['second', 'third', FIRST]);
      expect(lines.at(-1)).toBe('log: The keys were read again.');
    },
  );

  it('is the same again when it comes back as it was', async () => {
    writeKeySet(file, second());
    const watcher = await open();
    renameSync(file, `${file}.away`);
    await look(watcher);
    renameSync(`${file}.away`, file);
    expect(await look(watcher)).toEqual(['second']);
    expect(lines.map((line) => line.split(':')[0])).toEqual(['error', 'log']);
  });

  it('may be missing at the start beside another key, which is said, and then be made', async () => {
    const watcher = await open();
    expect(lines).toEqual([
      expect.stringMatching(/^warn: key-set-file \S+ is not there: only the other keys/),
    ]);
    expect(await look(watcher)).toEqual([FIRST]);
    writeKeySet(file, second());
    expect(await look(watcher)).toEqual(['second']);
    rmSync(file);
    expect(await look(watcher)).toEqual(['second']);
  });

  it.each<[string, (path: string) => void, string]>([
    ['is missing', () => {}, 'is not there, and there is no other key'],
    ['holds no key', (path) => writeKeySet(path, { keys: [] }), 'holds no key, and there is no other key'],
    ['is a FIFO', (path) => execFileSync('mkfifo', ['-m', '600', path]), 'is not a regular file'],
  ])('refuses to start where it %s and no other key is there', async (_what, make, reason) => {
    make(file);
    const failure = await open({ cryptographyKey: undefined }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain(`key-set-file ${file} ${reason}`);
  });

  it('is followed while the key provider fails, and the provider while the file is gone', async () => {
    const answer = {
      kid: 'brought',
      secret: 'the key of the provider, which is long enough',
      status: 'verify-only',
    };
    const load = jest.fn(async () => [answer]);
    writeKeySet(file, { keys: [] });
    const watcher = await open({}, { load } as unknown as KeyProvider);
    expect(await look(watcher)).toEqual(['brought', FIRST]);
    load.mockRejectedValue(new Error('out of reach'));
    writeKeySet(file, second());
    expect(await look(watcher)).toEqual(['second', 'brought']);
    rmSync(file);
    load.mockResolvedValue([{ ...answer, kid: 'other' }]);
    expect(await look(watcher)).toEqual(['second', 'other']);
  });

  it('has its short secrets told, as those of the configuration are', async () => {
    writeKeySet(file, { keys: [{ ...jwk('a', 'short'), status: 'signing' }] });
    const watcher = await open({}, {
      load: async () => [{ kid: 'brought', secret: 'b', status: 'verify-only' }],
    } as unknown as KeyProvider);
    await look(watcher);
    expect(lines).toEqual([
      `warn: ${file}: the key short is shorter than 32 bytes, which HS256 needs (RFC 7518 section 3.2); rotate to another one`,
      'warn: keyProvider: the key brought is shorter than 32 bytes, which HS256 needs (RFC 7518 section 3.2); rotate to another one',
    ]);
  });

  it.each([
    ['a placeholder', '<your-cryptography-key>', /placeholder/],
    ['white space', '    ', /white space/],
    [
      'a public key',
      '-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----',
      /a public key is no secret/,
    ],
    ['the published sample', 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=', /published/],
  ])('is refused with %s as secret, as the configuration is', async (_what, text, reason) => {
    writeKeySet(file, { keys: [{ ...jwk(text, 'bad'), status: 'signing' }] });
    await expect(open()).rejects.toThrow(reason);
    const provider = { load: async () => [{ kid: 'bad', jwk: jwk(text, 'bad') }] } as unknown as KeyProvider;
    await expect(open({ cryptographyKey: undefined, keySetFile: undefined }, provider)).rejects.toThrow(
      reason,
    );
  });
});
