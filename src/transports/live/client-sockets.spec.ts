import { describe, expect, it } from '@jest/globals';
import { ClientSockets } from './client-sockets.js';

const of = (clientId: string | undefined): { clientId: string | undefined } => ({ clientId });

describe('the sockets of clients', () => {
  it('are found by their client, be it one or several', () => {
    const sockets = new ClientSockets();
    const [one, two, other] = [of('a'), of('a'), of('b')];
    for (const socket of [one, two, other]) sockets.add(socket);
    expect([...sockets.of('a')]).toEqual([one, two]);
    expect([...sockets.of('b')]).toEqual([other]);
    expect([...sockets.of('c')]).toEqual([]);
    expect([...sockets.clientIds()]).toEqual(['a', 'b']);
  });

  it('stand there once, however often they are added', () => {
    const sockets = new ClientSockets();
    const [one, two] = [of('a'), of('a')];
    for (const socket of [one, one, two, one, two]) sockets.add(socket);
    expect([...sockets.of('a')]).toEqual([one, two]);
  });

  it('leave nothing behind', () => {
    const sockets = new ClientSockets();
    const all = [of('a'), of('a'), of('a'), of('b'), of(undefined)];
    for (const socket of all) sockets.add(socket);
    sockets.delete(of('b'));
    expect(sockets.has('b')).toBe(true);
    for (const socket of all) sockets.delete(socket);
    expect(sockets.has('a')).toBe(false);
    expect(sockets.size).toBe(0);
  });

  it('without a client are left out', () => {
    const sockets = new ClientSockets();
    sockets.add(of(undefined));
    expect(sockets.size).toBe(0);
  });
});
