import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SETTINGS = 'const settings = { headers: {}, storeTimeout: 1, appName: "app", trackedCacheSize: 1 };';
const OPEN_STORE = `
${SETTINGS}
const { createTokenStore } = await import(${JSON.stringify(resolve('build/stores/open-store.js'))});
const use = async (databaseUrl) => (await createTokenStore({ ...settings, databaseUrl })).open();
`;
const COUNT_ATTEMPTS = `
const { AttemptLimiter } = await import(${JSON.stringify(resolve('build/limits/attempt-limiter.js'))});
const limits = { failedAttemptsPerAddress: 1, failedAttemptsPerClient: 1, trustedProxies: [], storeTimeout: 1 };
const use = (failedAttemptsStore) => new AttemptLimiter({ ...limits, failedAttemptsStore }).onModuleInit();
`;

/** What using the URL is refused with in a process where a package cannot be found. */
async function refusalWithout(name: string, script: string, url: string): Promise<string> {
  const folder = temporaryFolder();
  const hooks = join(folder, 'hooks.mjs');
  writeFileSync(
    hooks,
    `export async function resolve(specifier, context, next) {
      if (specifier !== ${JSON.stringify(name)}) return next(specifier, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    }`,
  );
  const main = join(folder, 'main.mjs');
  writeFileSync(
    main,
    `import { register } from 'node:module';
    register(${JSON.stringify(hooks)}, import.meta.url);
    ${script}
    await use(${JSON.stringify(url)}).then(
      () => console.log('It can be used.'),
      ({ name, message }) => console.log(name, message),
    );
    process.exit();`,
  );
  return (await promisify(execFile)(process.execPath, [main])).stdout;
}

describe('without a package that is not installed by itself', () => {
  afterAll(removeTemporaryFolders);

  it.each([
    ['ioredis', 'redis://127.0.0.1:1', 'npm i ioredis'],
    ['pg', 'postgres://127.0.0.1:1/test', 'npm i kysely pg'],
    ['kysely', 'postgres://127.0.0.1:1/test', 'npm i kysely pg'],
    ['mysql2', 'mysql://127.0.0.1:1/test', 'npm i kysely mysql2'],
    ['kysely', 'mariadb://127.0.0.1:1/test', 'npm i kysely mysql2'],
  ])('(%s) a store at %s says what to install', async (name, url, install) => {
    const refusal = await refusalWithout(name, OPEN_STORE, url);
    expect(refusal).toContain('ConfigError');
    expect(refusal).toContain(`database-url: it needs a package that is not installed; run "${install}"`);
  });

  it('(ioredis) counting failed attempts in Redis says what to install', async () => {
    const refusal = await refusalWithout('ioredis', COUNT_ATTEMPTS, 'redis://127.0.0.1:1');
    expect(refusal).toContain('ConfigError');
    expect(refusal).toContain('failed-attempts-store: it needs a package that is not installed');
    expect(refusal).toContain('run "npm i ioredis"');
  });
});
