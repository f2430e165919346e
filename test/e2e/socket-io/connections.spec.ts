import { afterEach, expect, it } from '@jest/globals';
import { TokenService } from '../../../src/index.js';
import { startIoApp, until, type IoApp } from '../../support/io-app.js';

let app: IoApp;
afterEach(() => app.close());

it('a connection is closed soon after its last namespace was refused or ended, and not before', async () => {
  app = await startIoApp();
  const auth = await app.authOf('sensor');
  const bad = { token: 'x.y.z' };
  // Those that stay come first: whatever would close them does so before the others have gone.
  const inOpen = await app.connection();
  expect(await inOpen.enter('/open')).toHaveProperty('sid');
  expect(await inOpen.enter('/', bad)).toHaveProperty('message');
  const elsewhere = await app.connection();
  expect(await elsewhere.enter('/', bad)).toHaveProperty('message');
  expect(await elsewhere.enter('/open')).toHaveProperty('sid');
  const again = await app.connection();
  expect(await again.enter('/', bad)).toHaveProperty('message');
  expect(await again.enter('/', await app.authOf('other'))).toHaveProperty('sid');
  const inTwo = await app.connection();
  expect(await inTwo.enter('/', auth)).toHaveProperty('sid');
  expect(await inTwo.enter('/open')).toHaveProperty('sid');

  const ended = await app.connection();
  expect(await ended.enter('/', auth)).toHaveProperty('sid');
  const refused = await app.connection();
  expect(await refused.enter('/', bad)).toMatchObject({ data: { code: 'invalid_token' } });
  await app.app.get(TokenService).revokeClient('sensor');
  for (const each of [ended, inTwo]) {
    expect(await each.event('/', 'fastauth.ended')).toMatchObject([
      'fastauth.ended',
      { code: 'session_revoked' },
    ]);
  }
  const since = Date.now();
  await Promise.all([refused.connection.closed(), ended.connection.closed()]);
  expect(Date.now() - since).toBeLessThan(3000);
  expect([inOpen, elsewhere, again, inTwo].map(({ isOpen }) => isOpen)).toEqual([true, true, true, true]);
});

it('a connection is not closed while middleware of the application decides', async () => {
  app = await startIoApp();
  let decide: (() => void) | undefined;
  app.server.of('/news').use((socket, next) => {
    decide = () => next(socket.handshake.auth['bad'] ? new Error('Not you') : undefined);
  });
  const waiting = await app.connection();
  expect(await waiting.enter('/')).toHaveProperty('message');
  const entering = waiting.enter('/news');
  const refused = await app.connection();
  expect(await refused.enter('/')).toHaveProperty('message');
  await refused.connection.closed();
  decide?.();
  expect(await entering).toHaveProperty('sid');

  // What it refuses is refused.
  const other = await app.connection();
  decide = undefined;
  const asking = other.enter('/news', { bad: true });
  await until(() => decide !== undefined);
  (decide as (() => void) | undefined)?.();
  expect(await asking).toHaveProperty('message');
  await other.connection.closed();
  expect(waiting.isOpen).toBe(true);
});

it('a client that does not answer the close is cut', async () => {
  app = await startIoApp();
  const deaf = await app.connection();
  const cut = deaf.goDeaf();
  expect(await deaf.enter('/')).toHaveProperty('message');
  const since = Date.now();
  await cut;
  expect(Date.now() - since).toBeLessThan(5000);
}, 60_000);

it('a connection that never asks for a namespace is closed by socket.io', async () => {
  app = await startIoApp({ serverOptions: { connectTimeout: 100 } });
  const idle = await app.connection();
  const inside = await app.connection();
  expect(await inside.enter('/open')).toHaveProperty('sid');
  await idle.connection.closed();
  expect(inside.isOpen).toBe(true);
});
