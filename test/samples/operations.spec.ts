import { afterAll, expect, it } from '@jest/globals';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** What the commands say before the session is revoked, and after it. */
const BEFORE = [
  '{"devices":["lamp","door"],"for":"sensor-17"}',
  expect.stringMatching(/^good {5}versions .*\n(?:.*\n)*Nothing has to be mended\.$/),
  expect.stringMatching(/\/devices .*path rule "\/devices"/),
  expect.stringMatching(/^"sensor-17" .*\n1 session\.$/),
  expect.stringMatching(/^GET \/devices\nok .*\n(?:ok .*\n)*ok {6}verdict +let in/),
  expect.stringMatching(/^1 session of "operations" copied, 0 there already/),
] as const;
const REVOKED = expect.stringContaining('1 session') as unknown;
const AFTER = [
  expect.stringMatching(/\nfailed {2}session +its session was revoked /),
  expect.stringMatching(/^1 session of "operations" copied, 0 there already/),
] as const;

let sample: SampleProcess | undefined;
afterAll(async () => {
  await sample?.stop();
  removeTemporaryFolders();
});

it('the sample of operations prints lines that show its point', async () => {
  const folder = temporaryFolder();
  const running = await SampleProcess.start(copySample('16-operations', folder), folder);
  sample = running;
  expect(running.saysWhatItShows).toBe(true);
  const [issue = '', ...lines] = running.pasteLines;
  expect(lines).toHaveLength(BEFORE.length + 1 + AFTER.length);
  const [, TOKENS = ''] = await running.paste(folder, [issue, 'echo "$TOKENS"']);
  // Most lines start a process, and only a revocation changes what the others say: at once, it takes half the time.
  const pasteAtOnce = async (some: readonly string[]): Promise<readonly string[]> =>
    (await Promise.all(some.map((line) => running.paste(folder, [line], { TOKENS })))).flat();
  expect(await pasteAtOnce(lines.slice(0, BEFORE.length))).toEqual(BEFORE);
  expect(await pasteAtOnce(lines.slice(BEFORE.length, BEFORE.length + 1))).toEqual([REVOKED]);
  expect(await pasteAtOnce(lines.slice(BEFORE.length + 1))).toEqual(AFTER);
});
