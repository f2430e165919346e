import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AccessOnly, Fresh } from '../../src/access/decorators.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { startApp, type TestApp } from '../support/app.js';
import { JsonChild } from '../support/child-process.js';
import { FakeClock } from '../support/fake-clock.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { PYTHON_KEY, pythonPair } from '../support/python-tokens.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);

@Controller()
class MovedController {
  @AccessOnly()
  @Get('guarded')
  guarded() {
    return 'in';
  }

  @Fresh(3600)
  @Get('fresh')
  fresh() {
    return 'in';
  }
}

/** Clients of the original: enough that a copy can be killed in the middle. */
const ODD = ['ada', 'ada+phone', '100%', '100%41', 'é ü'];
const CLIENTS = [...ODD, ...Array.from({ length: 60 }, (_, n) => `device-${n}`)];
/** In the time of `FakeClock`, which the applications have; the command sees sessions that end far ahead. */
const NOW = new FakeClock().seconds;

const api = new PersistenceServer();
let database: OwnDatabase | undefined;

beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  await removeRedisApps();
  removeTemporaryFolders();
});

const describeMoving = [
  await describeWith('Redis'),
  await describeWith('PostgreSQL'),
  await describeWith('MariaDB'),
].reduce((outer, inner) => (name, define) => outer(name, () => inner('', define)));

interface Place {
  readonly url: string;
  readonly appName: string;
}

async function ownDatabase(make: () => Promise<OwnDatabase>): Promise<Place> {
  database = await make();
  return { url: database.url, appName: 'fastauth' };
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  LMDB: async () => ({ url: `lmdb:${join(temporaryFolder(), 'store')}`, appName: 'fastauth' }),
  Redis: async () => {
    const url = serviceUrl('Redis');
    return { url, appName: redisAppName(url) };
  },
  PostgreSQL: () => ownDatabase(ownPostgres),
  MariaDB: () => ownDatabase(ownMariadb),
};

describeMoving('sessions of the original, moved', () => {
  describe.each(Object.keys(PLACES))('from the persistence API to %s', (name) => {
    let place: Place;
    let folder: string;
    let pairs: Map<string, ReturnType<typeof pythonPair>>;
    let app: TestApp | undefined;

    const copyArguments = () => {
      const config = join(folder, 'fastauth.config.json');
      writeFileSync(config, JSON.stringify({ 'app-name': place.appName, 'cryptography-key': PYTHON_KEY }));
      const clients = join(folder, 'clients.txt');
      writeFileSync(clients, CLIENTS.join('\n'));
      const urls = ['--from', api.url, '--to', place.url];
      return ['store', 'copy', ...urls, '--clients', clients, '--config', config, '--json'];
    };
    const copy = (): Promise<CliRun> => runCli(copyArguments(), { cwd: folder });
    const start = async (fastauth: object = {}): Promise<TestApp> => {
      app = await startApp({
        adapter: 'fastify',
        controllers: [MovedController],
        fastauth: {
          databaseUrl: place.url,
          appName: place.appName,
          cryptographyKey: PYTHON_KEY,
          ...fastauth,
        },
      });
      return app;
    };
    const at = async (path: string, token: string): Promise<number> =>
      ((await app?.get(path, { 'ACCESS-TOKEN': token })) ?? { status: 0 }).status;

    beforeEach(async () => {
      place = await (PLACES[name] as () => Promise<Place>)();
      folder = temporaryFolder();
      pairs = new Map(CLIENTS.map((clientId) => [clientId, pythonPair(clientId, NOW)]));
      for (const [clientId, pair] of pairs) {
        // The original pastes identifiers into its URL as they are.
        const stored = new URLSearchParams(`client_id=${clientId}`).get('client_id') ?? '';
        api.setRecord(stored, { data: pair });
      }
    });
    afterEach(async () => {
      api.faults = {};
      await app?.close();
      app = undefined;
      await database?.drop();
      database = undefined;
    });

    it('nobody is logged out, also where the copy was killed and run again', async () => {
      if (database) await new SqlTokenStore({ url: place.url }).migrate();
      api.faults = { delay: 15 };
      api.calls.length = 0;
      const child = new JsonChild(process.execPath, [resolve('dist/cli/main.js'), ...copyArguments()]);
      while (api.calls.length < 40) await new Promise((done) => setTimeout(done, 5));
      await child.kill();
      api.faults = {};
      const run = await copy();
      expect(run).toMatchObject({ code: 0 });
      const { copied, present } = JSON.parse(run.stdout).sessions;
      expect(copied + present).toBe(CLIENTS.length);
      expect(JSON.parse((await copy()).stdout).sessions).toEqual({
        copied: 0,
        present: CLIENTS.length,
        expired: 0,
        ended: 0,
      });

      // In strict mode, since the store's clock, which the window goes by, cannot be moved.
      const { post } = await start({ refreshGrace: 0 });
      for (const [clientId, pair] of pairs) {
        expect([clientId, await at('/guarded', pair.access_token)]).toEqual([clientId, 200]);
      }
      for (const clientId of ODD) {
        const pair = pairs.get(clientId) as ReturnType<typeof pythonPair>;
        expect(await at('/fresh', pair.access_token)).toBe(401);
        const refreshed = await post('/auth/token/refresh', { refresh_token: pair.refresh_token });
        expect([clientId, refreshed.status]).toEqual([clientId, 200]);
        const { access_token: token } = refreshed.body.data;
        expect(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())).toMatchObject({
          client_id: clientId,
          fam: expect.any(String),
        });
        expect(await at('/guarded', token)).toBe(200);
        expect(await at('/guarded', pair.access_token)).toBe(401);
        expect(await at('/fresh', token)).toBe(401);
      }
      // The copy that is run once more sets none of them back, and a spent token ends its session as ever.
      expect(JSON.parse((await copy()).stdout).sessions).toMatchObject({ copied: 0, ended: 0 });
      const spent = pairs.get('ada') as ReturnType<typeof pythonPair>;
      expect((await post('/auth/token/refresh', { refresh_token: spent.refresh_token })).status).toBe(401);
      expect(await at('/guarded', spent.access_token)).toBe(401);
    });

    it.each([
      ['jwe', 5],
      ['opaque', 1],
    ] as const)('the next refresh may give %s', async (tokenFormat, segments) => {
      expect(await copy()).toMatchObject({ code: 0 });
      const { post } = await start({ tokenFormat, acceptedTokenFormats: ['jwt'] });
      const { access_token: old, refresh_token } = pairs.get('ada') as ReturnType<typeof pythonPair>;
      expect(await at('/guarded', old)).toBe(200);
      const { status, body } = await post('/auth/token/refresh', { refresh_token });
      expect(status).toBe(200);
      expect(body.data.access_token.split('.')).toHaveLength(segments);
      expect(await at('/guarded', body.data.access_token)).toBe(200);
      expect(await at('/fresh', body.data.access_token)).toBe(401);
      const again = await post('/auth/token/refresh', { refresh_token: body.data.refresh_token });
      expect([again.status, await at('/guarded', again.body.data?.access_token)]).toEqual([200, 200]);
    });
  });
});
