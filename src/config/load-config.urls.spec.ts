import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../test/support/config-folder.js';

const KEY = 'k'.repeat(40);
const TOKEN = 'm'.repeat(40);

describe('URLs and headers of the configuration', () => {
  let folder: ConfigFolder;
  beforeEach(() => void (folder = new ConfigFolder()));
  afterEach(() => folder.remove());

  it.each([
    [{ databaseUrl: 'redis://h' }, 1],
    [{ databaseUrl: 'https://h/data' }, 5],
    [{ databaseUrl: 'HTTP://h/data' }, 5],
    [{ databaseApiUrl: 'http://h/data' }, 5],
    [{ databaseApiUrl: 'http://h/data', storeTimeout: 0.5 }, 0.5],
  ])('gives calls to the store of %j %d s', (options, seconds) => {
    expect(folder.load(options).config.storeTimeout).toBe(seconds);
  });

  it("never reads DATABASE_URL, which is the application's own, and says so where it looks like the store's", () => {
    const { config, warnings } = folder.load(
      { cryptographyKey: KEY, masterToken: TOKEN },
      { DATABASE_URL: 'postgres://user:hunter2@db/app' },
    );
    expect(config.databaseUrl).toBe('lmdb:.fastauth');
    expect(warnings).toEqual([expect.stringMatching(/^DATABASE_URL is .* not read.*FASTAUTH_DATABASE_URL/)]);
    expect(warnings.join()).not.toContain('hunter2');
    for (const env of [
      { DATABASE_URL: 'mongodb://db/app' },
      { DATABASE_URL: 'redis://cache', FASTAUTH_DATABASE_URL: 'memory:' },
    ]) {
      expect(folder.load({ cryptographyKey: KEY, masterToken: TOKEN }, env).warnings).toEqual([]);
    }
    expect(folder.load({}, { FASTAUTH_DATABASE_URL: 'redis://cache:6379/1' }).config.databaseUrl).toBe(
      'redis://cache:6379/1',
    );
  });

  it.each([
    ['redis://host/sessions', 'a number'],
    ['rediss://host/1/2', 'a number'],
    ['redis://host?db=sessions', 'a number'],
    ['redis://host/1?lazyConnect=false', 'has the parameter "lazyConnect"'],
    ['redis:///run/redis.sock', 'names no host'],
    ['redis://host:0/1', 'has the port 0'],
    ['redis://host:65536', 'cannot be read as a URL'],
    ['redis://user:pass#word@host/1', 'cannot be read as a URL'],
    ['redis://host/1#x', 'has a "#"'],
    ['postgres://host/db/other', 'has more than the name of a database'],
    ['mysql://host:0/db', 'has the port 0'],
    ['postgres://host/db#x', 'has a "#"'],
    ['mysql://host/db?sslmode=require', 'has the parameter "sslmode", which the driver ignores'],
    ['mariadb://host/db?ssl-mode=REQUIRED', 'has the parameter "ssl-mode"'],
    ['mysql://host/db?ssl=true', 'has an ssl that the driver cannot use'],
    ['mysql://host/db?ssl=nothing', 'has an ssl that the driver cannot use'],
  ])('refuses the URL %s before anything connects', (url, reason) => {
    expect(folder.faults({ databaseUrl: url })).toEqual([expect.stringContaining(reason)]);
    if (url.startsWith('redis')) {
      expect(folder.faults({ failedAttemptsStore: url })).toEqual([expect.stringContaining(reason)]);
    }
  });

  it.each([
    'redis://host',
    'redis://host/',
    'redis://u:p@host:6379/15?family=6',
    'postgres://host/db?sslmode=require',
    'postgres:///db',
    'mysql://u@host:3306/db',
    'mysql://u@host:3306/db?ssl={}',
    'mysql://host/db?ssl=%7B%22rejectUnauthorized%22%3Atrue%7D',
  ])('takes the URL %s', (databaseUrl) => expect(folder.faults({ databaseUrl })).toEqual([]));

  it('refuses two names for a store', () => {
    folder.file({ 'database-api-url': 'http://a/' });
    expect(folder.faults({}, { FASTAUTH_DATABASE_URL: 'memory:' })).toEqual([
      '"FASTAUTH_DATABASE_URL" (process environment) and "database-api-url" (fastauth.config.json) both name a store; leave one of them out',
    ]);
  });

  it.each([
    ['Host', 'x'],
    ['content-length', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['a b', 'c'],
    ['x-a', 'line\r\nend'],
    ['x-b', '<your-key>'],
  ])('refuses the header %s without telling its value', (name, value) => {
    const [fault, ...more] = folder.faults({ headers: { [name]: `${value}` } });
    expect(fault).toContain(`"headers"[${JSON.stringify(name)}]`);
    expect(fault).not.toContain(value.length > 3 ? value : '"c"');
    expect(more).toEqual([]);
  });

  it("ignores the example's ellipsis among the headers", () => {
    folder.file({ headers: { 'custom-header': 'value', '...': '...' } });
    expect(folder.load().config.headers).toEqual({ 'custom-header': 'value' });
  });
});
