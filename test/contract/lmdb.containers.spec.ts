import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';
import { describeIf, IS_LINUX_ROOT } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** What a container is to LMDB: a PID namespace of its own, in which the application has PID 1. */
const NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc'];

const hasNamespaces = await promisify(execFile)('unshare', [...NAMESPACE, 'true']).then(
  () => true,
  () => false,
);
const describeWithNamespaces = describeIf(hasNamespaces, 'no leave to make PID namespaces', IS_LINUX_ROOT);

interface Outcome {
  readonly opened?: number;
  readonly refused?: string;
}

describeWithNamespaces('containers on one LMDB folder', () => {
  const children: JsonChild[] = [];
  let compiled: CompiledFiles;

  beforeAll(async () => {
    compiled = await compile('test/support/store-child.ts');
  });
  afterEach(() => Promise.all(children.splice(0).map((child) => child.kill())));
  afterAll(() => {
    compiled.remove();
    removeTemporaryFolders();
  });

  const newFolder = (): string => join(temporaryFolder(), 'store');

  /** @param shift as many processes before the application's, so that its PID is another */
  function container(folder: string, shift = 0): JsonChild {
    const start = `${'/bin/true; '.repeat(shift)}"$0" "$@"`;
    const command = shift === 0 ? [process.execPath] : ['sh', '-c', `${start}; exit $?`, process.execPath];
    const args = [...NAMESPACE, ...command, compiled.entry, 'keepOpen', `lmdb:${folder}`];
    const child = new JsonChild('unshare', args);
    children.push(child);
    return child;
  }

  it('opens for one of two with the same PID; the other one is refused, and says what to do', async () => {
    const folder = newFolder();
    const first = container(folder);
    expect(await first.next<Outcome>()).toEqual({ opened: 1 });
    const { refused } = (await container(folder).next<Outcome>()) ?? {};
    expect(refused).toContain('a process in another container has it open and has the same PID, 1');
    expect(refused).toContain('share a PID namespace');
    await first.end();
    expect(await container(folder).next<Outcome>()).toEqual({ opened: 1 });
  }, 60_000);

  it('opens for one of two that start at once', async () => {
    const folder = newFolder();
    const outcomes = await Promise.all([container(folder), container(folder)].map((c) => c.next<Outcome>()));
    expect(outcomes.filter((outcome) => outcome?.opened === 1)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome?.refused?.includes('the same PID'))).toHaveLength(1);
  }, 60_000);

  it('opens again at once for a container that was killed', async () => {
    const folder = newFolder();
    const first = container(folder);
    expect(await first.next<Outcome>()).toEqual({ opened: 1 });
    await first.kill();
    expect(await container(folder).next<Outcome>()).toEqual({ opened: 1 });
  }, 60_000);

  it('opens for both with different PIDs', async () => {
    const folder = newFolder();
    expect(await container(folder).next<Outcome>()).toEqual({ opened: 1 });
    const { opened } = (await container(folder, 2).next<Outcome>()) ?? {};
    expect(opened).toBeGreaterThan(1);
  }, 60_000);
});
