import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ConfigFolder } from '../../test/support/config-folder.js';
import { loadEnvParser } from './config-environment.js';
import { loadFastauthConfig } from './load-config.js';

const KEY = 'k'.repeat(40);
const OTHER_KEY = 'o'.repeat(40);
const TOKEN = 'm'.repeat(40);

describe('files of the configuration', () => {
  let folder: ConfigFolder;
  beforeEach(() => void (folder = new ConfigFolder()));
  afterEach(() => folder.remove());

  it('takes quotes off what has none of its own, and tells of those around a key or a token', () => {
    const { config, warnings } = folder.load(
      {},
      {
        FASTAUTH_DATABASE_URL: '"redis://cache/1"',
        KEY_SET_FILE: "'keys.json'",
        MASTER_TOKENS: `'[{"name":"ops","token":"${TOKEN}"}]'`,
        CRYPTOGRAPHY_KEY: `"${KEY}"`,
        MASTER_TOKEN: `'${OTHER_KEY}'`,
      },
    );
    expect(config).toMatchObject({
      databaseUrl: 'redis://cache/1',
      keySetFile: join(folder.path, 'keys.json'),
    });
    expect(config.masterTokens).toHaveLength(2);
    expect([config.cryptographyKey, config.masterToken]).toEqual([`"${KEY}"`, `'${OTHER_KEY}'`]);
    expect(warnings).toEqual([
      expect.stringMatching(/^CRYPTOGRAPHY_KEY \(process environment\) is in quotes/),
      expect.stringMatching(/^MASTER_TOKEN \(process environment\) is in quotes/),
    ]);
    expect(folder.load({}, { FASTAUTH_DATABASE_URL: '""' }).config.databaseUrl).toBe('lmdb:.fastauth');
  });

  it.each([
    ['', 'is not JSON: it ends too early'],
    ['{\n  "app-name": hunter2\n}', 'is not JSON (line 2, column 15)'],
    ['{\n  "app-name": "hunter2"', 'is not JSON: it ends too early'],
    ['{\n  // hunter2\n  "app-name": "x"\n}', 'is not JSON (line 2, column 3): JSON has no comments'],
    ['{ "app-name": /* x */ "hunter2" }', 'is not JSON (line 1, column 15): JSON has no comments'],
    ['# hunter2\n{}', 'is not JSON (line 1, column 1): JSON has no comments'],
    [
      '{\n  "access-token-paths": ["/hunter2",]\n}',
      'is not JSON (line 2, column 37): the comma before it is one too many',
    ],
    ['{\n  "app-name": "hunter2",\n}', 'is not JSON (line 3, column 1): the comma before it is one too many'],
    ['{ "app-name": "x" }\n}', 'is not JSON (line 2, column 1)'],
    ["{ 'app-name': 'hunter2' }", 'is not JSON (line 1, column 3)'],
    ['{ "app-name": tru }', 'is not JSON (line 1, column 18)'],
    ['{ "app-name": "hun\nter2" }', 'is not JSON (line 1, column 19)'],
    ['[1]', 'must hold one JSON object'],
    [Buffer.from([0x7b, 0xff]).toString('latin1'), 'is not'],
  ])('refuses a file that is no JSON object: %j', (content, sentence) => {
    folder.file(content);
    expect(folder.faults()).toEqual([expect.stringContaining(sentence)]);
    expect(folder.faults()[0]).not.toContain('hunter2');
  });

  it('reads a file with a byte order mark', () => {
    folder.file('\uFEFF{"app-name":"marked"}');
    expect(folder.load().config.appName).toBe('marked');
  });

  it('needs the config file that was named, but no .env', () => {
    expect(folder.faults({ configFile: 'other.json' })).toEqual([
      expect.stringContaining('other.json: is not there'),
    ]);
    expect(folder.faults({ configFile: '.' })).toEqual([expect.stringContaining('cannot be read (EISDIR)')]);
    expect(folder.faults({ envFile: 'other.env' })).toEqual([]);
    folder.file({ 'master-tokn': '' });
    expect(folder.faults({ configFile: false })).toEqual([]);
  });

  it.each([
    ['.env', {}],
    ['own.env', { envFile: 'own.env' }],
    ['fastauth.config.json', {}],
    ['own.json', { configFile: 'own.json' }],
  ])('refuses %s that is a FIFO, and does not wait for its writer', (name, options) => {
    execFileSync('mkfifo', [join(folder.path, name)]);
    expect(folder.faults(options)).toEqual([
      expect.stringContaining(`${name}: is a FIFO, whose reader may wait`),
    ]);
  });

  it('refuses a .env that nothing was loaded for, since it was not there a moment before', async () => {
    const { path: cwd } = folder;
    expect(await loadEnvParser(undefined, cwd)).toBeUndefined();
    for (const none of [false, true, 7, null]) expect(await loadEnvParser(none, cwd)).toBeUndefined();
    expect(() => loadFastauthConfig({}, { env: {}, cwd })).not.toThrow();
    folder.file(`MASTER_TOKEN="${TOKEN}"`, '.env');
    expect(() => loadFastauthConfig({}, { env: {}, cwd })).toThrow(/\.env: was written while/);
    const parseEnv = await loadEnvParser(undefined, cwd);
    expect(loadFastauthConfig({}, { env: {}, cwd, parseEnv }).config.masterToken).toBe(TOKEN);
  });

  it('reads /dev/null as an empty file, and no more than 1 MiB', () => {
    expect(folder.faults({ envFile: '/dev/null' })).toEqual([]);
    expect(folder.faults({ envFile: '/dev/zero' })).toEqual(['/dev/zero: is longer than 1 MiB']);
  });
});
