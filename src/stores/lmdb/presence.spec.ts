import { afterAll, afterEach, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf } from '../../../test/support/services.js';
import { SamePidError, showPresence, type LmdbPresence } from './presence.js';

const HERE = { pid: 1, space: '0000000a' };
const ELSEWHERE = { pid: 1, space: '0000000b' };
const PATIENCE = 0.1;
const describeOnLinux = describeIf(process.platform === 'linux', 'no Linux', false);

describeOnLinux('presence in a folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'fastauth-'));
  const presences: LmdbPresence[] = [];
  let folders = 0;

  afterEach(() => presences.splice(0).forEach((presence) => presence.end()));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const newFolder = (name = ''): string => {
    const folder = join(root, `${folders++}${name}`);
    mkdirSync(folder);
    return folder;
  };
  async function show(folder: string, identity = HERE, patience = PATIENCE): Promise<LmdbPresence> {
    const presence = await showPresence(folder, patience, identity);
    presences.push(presence);
    return presence;
  }
  /** As a process leaves it that was killed. */
  async function leaveBehind(folder: string, identity = ELSEWHERE): Promise<string> {
    const name = `pid-${identity.pid}-${identity.space}-00000000-0000-4000-8000-000000000000.sock`;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'begun'), resolve));
    renameSync(join(folder, 'begun'), join(folder, name));
    await new Promise((resolve) => server.close(resolve));
    expect(readdirSync(folder)).toEqual([name]);
    return name;
  }

  it('refuses the same PID of another PID namespace, as long as it is there', async () => {
    const folder = newFolder();
    const first = await show(folder, ELSEWHERE);
    await expect(show(folder)).rejects.toThrow(SamePidError);
    expect(readdirSync(folder)).toHaveLength(1);
    first.end();
    presences.length = 0;
    await show(folder);
  });

  it.each([
    ['another PID', { pid: 2, space: ELSEWHERE.space }],
    ['the process itself: another thread, or another copy of the package', HERE],
  ])('lets in %s', async (_name, other) => {
    const folder = newFolder();
    await show(folder, other);
    await show(folder);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('waits for one that is about to go', async () => {
    const folder = newFolder();
    const first = await show(folder, ELSEWHERE);
    const second = show(folder, HERE, 10);
    await new Promise(setImmediate);
    presences.length = 0;
    first.end();
    await second;
  });

  it('starts at once after a process that was killed, and removes what it left', async () => {
    const folder = newFolder();
    const left = await leaveBehind(folder);
    await show(folder, HERE, 0);
    expect(readdirSync(folder)).not.toContain(left);
  });

  it('lets one of several in that begin at once', async () => {
    for (let round = 0; round < 20; round++) {
      const folder = newFolder();
      const outcomes = await Promise.allSettled(
        ['0000000a', '0000000b', '0000000c'].map((space) => show(folder, { pid: 1, space }, 0.3)),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('leaves nothing behind, and is open to its owner alone', async () => {
    const folder = newFolder();
    const presence = await show(folder);
    const [name = ''] = readdirSync(folder);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    presences.length = 0;
    presence.end();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does with folders whose paths are longer than those of sockets', async () => {
    const folder = newFolder('x'.repeat(200));
    await show(folder, ELSEWHERE);
    await expect(show(folder)).rejects.toThrow(SamePidError);
  });

  it('is not shown where PIDs cannot be told apart', async () => {
    await expect(showPresence(newFolder(), 0, { pid: 1, space: undefined })).rejects.toThrow('PID namespace');
  });
});
