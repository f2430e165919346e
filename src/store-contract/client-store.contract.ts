import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ClientKeepingStore, ClientStore, StoredClient } from '../sessions/client-store.js';
import { globalRunner, type ContractRunner } from './contract-runner.js';
import { SAMPLE_TIME } from './session-sample.js';
import { HOSTILE_CLIENT_IDS } from './hostile-client-ids.js';

/** What the suite needs to know of a store that keeps clients. */
export interface ClientStoreContractOptions {
  /** Gives a new, empty, opened store. The suite closes it. */
  readonly open: () => Promise<ClientKeepingStore>;
  /** Closes the store and opens another one on the same data; for stores that outlive their process. */
  readonly reopen?: (store: ClientKeepingStore) => Promise<ClientKeepingStore>;
  /** Opens another store on the same data, as another server of the same application does. */
  readonly second?: (store: ClientKeepingStore) => Promise<ClientKeepingStore>;
  /** Opens a store of another application (`app-name`) on the same backend. */
  readonly otherApp?: (store: ClientKeepingStore) => Promise<ClientKeepingStore>;
  /** The test runner's functions. Default: the globals `describe` and `it`. */
  readonly runner?: ContractRunner;
}

/**
 * Defines tests for every rule of the {@link ClientStore} port.
 *
 * @example
 * describeClientStoreContract('MyStore', { open: async () => { const store = new MyStore(); await store.open(); return store; } });
 */
export function describeClientStoreContract(name: string, options: ClientStoreContractOptions): void {
  const { describe, it } = options.runner ?? globalRunner();
  const { reopen, second, otherApp } = options;

  const rule = (text: string, test: (clients: ClientStore) => Promise<unknown>): void => {
    it(text, async () => {
      const store = await options.open();
      try {
        await test(store.clients);
      } finally {
        await store.close();
      }
    });
  };
  const ruleOfTwo = (
    text: string,
    other: (store: ClientKeepingStore) => Promise<ClientKeepingStore>,
    test: (one: ClientStore, two: ClientStore) => Promise<unknown>,
  ): void => {
    it(text, async () => {
      const one = await options.open();
      const two = await other(one);
      try {
        await test(one.clients, two.clients);
      } finally {
        await two.close();
        await one.close();
      }
    });
  };

  describe(`${name} holds the contract of a client store`, () => {
    rule('finds a client as it was inserted', async (clients) => {
      const full = clientSample({
        name: 'Ada’s 📱',
        secretHashes: ['a'.repeat(43), 'b'.repeat(43)],
        publicKeys: [{ kty: 'OKP', crv: 'Ed25519', x: 'eA', kid: 'k' }],
        scopes: ['devices:read', 'devices:write'],
        audiences: ['https://api.example.com/'],
        mayIntrospect: true,
        accessTokenExpiresIn: 60,
        isEnabled: false,
      });
      const bare = clientSample();
      for (const client of [full, bare]) {
        assert.equal(await clients.insert(client), true);
        assertSame(await clients.find(client.clientId), client);
      }
      assert.equal((await clients.find(bare.clientId))?.name, undefined);
    });

    rule('does not find what is not there', async (clients) => {
      await clients.insert(clientSample({ clientId: 'billing' }));
      for (const clientId of ['billin', 'billing2', 'BILLING', '', '\ud800', 'x'.repeat(5000)]) {
        assert.equal(await clients.find(clientId), undefined, clientId.slice(0, 20));
        assert.equal(await clients.remove(clientId), false);
      }
    });

    rule('keeps clients of odd identifiers apart', async (clients) => {
      for (const clientId of HOSTILE_CLIENT_IDS) {
        assert.equal(await clients.insert(clientSample({ clientId, name: `of ${clientId}` })), true);
      }
      for (const clientId of HOSTILE_CLIENT_IDS) {
        assert.equal((await clients.find(clientId))?.name, `of ${clientId}`);
      }
    });

    rule('inserts no client over another one', async (clients) => {
      const client = clientSample({ name: 'first' });
      await clients.insert(client);
      assert.equal(await clients.insert(clientSample({ clientId: client.clientId })), false);
      assertSame(await clients.find(client.clientId), client);
    });

    rule('lets one of many inserts and replacements win', async (clients) => {
      const rivals = Array.from({ length: 10 }, (_, n) => clientSample({ clientId: 'one', name: `${n}` }));
      const inserted = await Promise.all(rivals.map((client) => clients.insert(client)));
      assert.equal(inserted.filter(Boolean).length, 1);
      const stored = rivals[inserted.indexOf(true)] as StoredClient;
      assertSame(await clients.find('one'), stored);
      const next = Array.from({ length: 10 }, (_, n) => clientSample({ clientId: 'one', name: `${n}b` }));
      const replaced = await Promise.all(next.map((client) => clients.replace(client, stored.revision)));
      assert.equal(replaced.filter(Boolean).length, 1);
      assertSame(await clients.find('one'), next[replaced.indexOf(true)] as StoredClient);
    });

    rule('replaces the revision that it is told to, and no other', async (clients) => {
      const first = clientSample({ clientId: 'one' });
      const second = clientSample({ clientId: 'one', isEnabled: false });
      assert.equal(await clients.replace(first, first.revision), false);
      await clients.insert(first);
      assert.equal(await clients.replace(second, second.revision), false);
      assert.equal(await clients.replace(second, first.revision), true);
      assert.equal(await clients.replace(first, first.revision), false);
      assertSame(await clients.find('one'), second);
    });

    rule('removes a client once, after which its identifier is free', async (clients) => {
      const client = clientSample();
      await clients.insert(client);
      assert.equal(await clients.remove(client.clientId), true);
      assert.equal(await clients.remove(client.clientId), false);
      assert.equal(await clients.find(client.clientId), undefined);
      assert.equal(await clients.replace(client, client.revision), false);
      assert.equal(await clients.insert(client), true);
    });

    rule('lists all clients in the order of their bytes, in parts', async (clients) => {
      assert.deepEqual(await clients.list({ limit: 10 }), { clients: [], next: undefined });
      const ids = ['a', 'B', 'é', '\u{1F511}', '\uFFFD', 'aa', 'a b', 'z'];
      for (const clientId of ids) await clients.insert(clientSample({ clientId }));
      const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const limit of [1, 3, 4, 8, 100]) {
        const listed: string[] = [];
        let after: string | undefined;
        do {
          const page = await clients.list({ after, limit });
          assert.ok(page.clients.length <= limit);
          listed.push(...page.clients.map(({ clientId }) => clientId));
          after = page.next;
        } while (after !== undefined);
        assert.deepEqual(listed, sorted, `in parts of ${limit}`);
      }
    });

    rule('lets one of many use what may be used once', async (clients) => {
      const use = { id: 'assertion', expiresAt: SAMPLE_TIME + 60, now: SAMPLE_TIME };
      const used = await Promise.all(Array.from({ length: 10 }, () => clients.useOnce(use)));
      assert.equal(used.filter(Boolean).length, 1);
      assert.equal(await clients.useOnce({ ...use, now: SAMPLE_TIME + 59 }), false);
      assert.equal(await clients.useOnce({ ...use, id: 'Assertion' }), true);
    });

    rule('forgets what expired, and nothing else', async (clients) => {
      const use = (id: string, expiresAt: number, now: number) => clients.useOnce({ id, expiresAt, now });
      assert.equal(await use('long', SAMPLE_TIME + 600, SAMPLE_TIME), true);
      for (let n = 0; n < 20; n++) {
        assert.equal(await use(`a${n}`, SAMPLE_TIME + 1, SAMPLE_TIME), true);
      }
      for (let n = 0; n < 20; n++) {
        assert.equal(await use(`b${n}`, SAMPLE_TIME + 600, SAMPLE_TIME + 60), true);
      }
      assert.equal(await use('long', SAMPLE_TIME + 600, SAMPLE_TIME + 60), false);
      assert.equal(await use('b7', SAMPLE_TIME + 600, SAMPLE_TIME + 60), false);
    });

    if (reopen) {
      it('keeps clients and what was used when it is opened again', async () => {
        const first = await options.open();
        const client = clientSample();
        const use = { id: 'assertion', expiresAt: SAMPLE_TIME + 60, now: SAMPLE_TIME };
        await first.clients.insert(client);
        await first.clients.useOnce(use);
        const store = await reopen(first);
        assertSame(await store.clients.find(client.clientId), client);
        assert.equal(await store.clients.useOnce(use), false);
        await store.close();
      });
    }

    if (second) {
      ruleOfTwo(
        'shows what another store wrote as soon as that is acknowledged',
        second,
        async (one, two) => {
          const client = clientSample();
          const disabled = clientSample({ clientId: client.clientId, isEnabled: false });
          for (let round = 0; round < 20; round++) {
            await one.insert(client);
            assertSame(await two.find(client.clientId), client);
            assert.equal(await two.replace(disabled, client.revision), true);
            assertSame(await one.find(client.clientId), disabled);
            assert.equal(await one.remove(client.clientId), true);
            assert.equal(await two.find(client.clientId), undefined);
          }
        },
      );

      ruleOfTwo('lets one of two stores win', second, async (one, two) => {
        for (let round = 0; round < 20; round++) {
          const use = { id: `assertion ${round}`, expiresAt: SAMPLE_TIME + 60, now: SAMPLE_TIME };
          const used = await Promise.all([one.useOnce(use), two.useOnce(use)]);
          assert.equal(used.filter(Boolean).length, 1);
          const clientId = `client ${round}`;
          const inserted = await Promise.all(
            [one, two].map((clients) => clients.insert(clientSample({ clientId }))),
          );
          assert.equal(inserted.filter(Boolean).length, 1);
        }
      });
    }

    if (otherApp) {
      ruleOfTwo('keeps applications apart', otherApp, async (one, two) => {
        const client = clientSample();
        await one.insert(client);
        assert.equal(await two.find(client.clientId), undefined);
        assert.equal((await two.list({ limit: 10 })).clients.length, 0);
        assert.equal(await two.remove(client.clientId), false);
        assert.equal(await two.replace(client, client.revision), false);
        const use = { id: 'assertion', expiresAt: SAMPLE_TIME + 60, now: SAMPLE_TIME };
        assert.equal(await one.useOnce(use), true);
        assert.equal(await two.useOnce(use), true);
      });
    }
  });
}

/** A client with these members, and a revision of its own. */
export function clientSample(members: Partial<StoredClient> = {}): StoredClient {
  return {
    clientId: `client-${randomBytes(8).toString('hex')}`,
    authenticationMethod: 'client_secret_basic',
    secretHashes: [],
    publicKeys: [],
    grants: ['client_credentials'],
    scopes: [],
    audiences: [],
    mayIntrospect: false,
    isEnabled: true,
    revision: randomBytes(16).toString('base64url'),
    ...members,
  };
}

/** Members that are undefined are as good as absent. */
function assertSame(found: StoredClient | undefined, expected: StoredClient): void {
  assert.deepEqual(found && defined(found), defined(expected));
}

function defined(client: StoredClient): object {
  return Object.fromEntries(Object.entries(client).filter(([, value]) => value !== undefined));
}
