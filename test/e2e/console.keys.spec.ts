import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, startApp } from '../support/app.js';
import { signedIn } from '../support/console.js';
import { keySetEntry, writeKeySet } from '../support/key-set.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

describe.each(ADAPTERS)('the keys in the console on %s', (adapter) => {
  it('are told with who needs them, and rotated where there is a key set file', async () => {
    const keySetFile = join(temporaryFolder(), 'keys.json');
    const pair = await keySetEntry('EdDSA', { status: 'signing' });
    writeKeySet(keySetFile, { keys: [pair] });
    const fastauth = { console: true, keySetFile, cryptographyKey: undefined };
    const [app, other] = await Promise.all([
      startApp({ adapter, fastauth }),
      startApp({ adapter, fastauth }),
    ]);
    try {
      const headers = await signedIn(app);
      expect((await other.get('/auth/console/state', headers)).status).toBe(200);
      await app.issue('ada');
      const before = await app.get('/auth/console/keys', headers);
      expect(before.body).toMatchObject({
        can_rotate: true,
        keys: [{ kid: pair.kid, algorithm: 'EdDSA', status: 'signing', sessions: 1 }],
      });
      expect(before.text).not.toContain(pair['d']);

      const rotated = await app.post('/auth/console/keys/rotate', {}, headers);
      expect(rotated.body).toMatchObject({ algorithm: 'EdDSA', signing_from: app.clock.seconds + 60 });
      const { keys } = JSON.parse(readFileSync(keySetFile, 'utf8')) as { keys: { kid: string }[] };
      expect(keys.map(({ kid }) => kid)).toEqual([pair.kid, rotated.body.kid]);
      const again = await app.post('/auth/console/keys/rotate', {}, headers);
      expect([again.status, again.body.message]).toEqual([409, expect.stringContaining(rotated.body.kid)]);
      for (const key of keys) expect(rotated.text + again.text).not.toContain(Reflect.get(key, 'd'));
    } finally {
      await Promise.all([app.close(), other.close()]);
    }
  });

  it('are not rotated without a key set file, and nobody signs in without a key', async () => {
    const app = await startApp({ adapter, fastauth: { console: true } });
    const keyless = await startApp({ adapter, fastauth: { console: true, cryptographyKey: undefined } });
    try {
      const headers = await signedIn(app);
      expect((await app.get('/auth/console/keys', headers)).body.can_rotate).toBe(false);
      expect((await app.post('/auth/console/keys/rotate', {}, headers)).status).toBe(409);
      const none = await signedIn(keyless);
      expect(none['cookie']).toBe('');
      expect((await keyless.get('/auth/console/keys', none)).status).toBe(401);
    } finally {
      await Promise.all([app.close(), keyless.close()]);
    }
  });
});
