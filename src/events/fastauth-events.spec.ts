import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { compile } from '../../test/support/compile.js';
import { FastauthEvents } from './fastauth-events.js';

/** Later ones keep a storage without following promises. */
const FOLLOWS = Number.parseInt(process.versions.node, 10) < 24;

/** In a process of its own, since the test runner follows promises. The id is 0 as long as nobody does. */
const idsOfPromises = (events: string, isHeard: boolean): string => `
  import 'reflect-metadata';
  import { executionAsyncId } from 'node:async_hooks';
  import { FastauthEvents } from ${JSON.stringify(pathToFileURL(events).href)};
  const id = async () => (await null, executionAsyncId());
  const before = await id();
  const events = new FastauthEvents();
  if (${isHeard}) events.subscribe(() => {});
  const isFollowed = (await events.correlated('a', id)) > 0;
  const after = await id();
  console.log(JSON.stringify({ before, isFollowed, after }));
`;

describe('correlated events', () => {
  it('carry the id of their own request, those of requests at the same time included', async () => {
    const events = new FastauthEvents();
    const heard: (string | undefined)[] = [];
    events.subscribe((_event, correlationId) => heard.push(correlationId));
    const tell = async (milliseconds: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      events.emit({ type: 'key.retired', kid: 'k' });
    };
    await Promise.all([events.correlated('a', () => tell(10)), events.correlated('b', () => tell(1))]);
    await expect(events.correlated('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await tell(0);
    await events.correlated('d', () => tell(1));
    expect(heard).toEqual(['b', 'a', undefined, 'd']);
  });

  it.each([true, false])('leave promises unfollowed once they are told; heard: %s', async (isHeard) => {
    const files = await compile('src/events/fastauth-events.ts');
    const script = idsOfPromises(files.entry, isHeard);
    const ids = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    files.remove();
    expect(JSON.parse(ids)).toEqual({ before: 0, isFollowed: isHeard && FOLLOWS, after: 0 });
  });
});
