import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '../../src/index.js';
import { KeepingSink } from '../support/observers.js';
import { startTableApps, type TableApp } from '../support/transports-table/table-apps.js';
import { orSilence } from '../support/transports-table/table-callers.js';
import { TABLE_ROWS, type TableRow } from '../support/transports-table/table-rows.js';
import { TABLE_TRANSPORTS, type TableTransport } from '../support/transports-table/table-transports.js';

const UNTIL = '2030-01-31';
const OBSERVE = { enforcement: 'observe', observeUntil: UNTIL } as const;

/** A third of the many that ask for an access token, and all others. */
const ROWS = TABLE_ROWS.filter(({ target }, n) => target !== 'access' || n % 3 === 0);
const TARGETS_WITHOUT_MASTER: readonly string[] = ['access', 'scoped', 'fresh'];

/** Whether a miss is let pass: what the master token may open, and doubled credentials, are enforced. */
function passes({ target, verdict }: TableRow): boolean {
  return TARGETS_WITHOUT_MASTER.includes(target) && verdict !== 'invalid_request';
}

interface Told {
  readonly verdict: string;
  readonly events: readonly unknown[];
}

type Replay = ReadonlyMap<string, ReadonlyMap<TableRow, Told>>;

/** Calls with each row on each transport that is here, and keeps what came of it and what was recorded. */
async function replay(fastauth: object): Promise<Replay> {
  const auditSink = new KeepingSink();
  const apps = await startTableApps({ ...fastauth, auditSink });
  const told = new Map<string, Map<TableRow, Told>>();
  try {
    for (const transport of TABLE_TRANSPORTS) {
      const here = apps[transport.app];
      const port = here.ports[transport.name];
      if (transport.service !== undefined && port === undefined) continue;
      told.set(transport.name, await callAll(transport, here, auditSink));
    }
  } finally {
    for (const { app } of Object.values(apps)) await app.close();
  }
  return told;
}

async function callAll(transport: TableTransport, here: TableApp, sink: KeepingSink) {
  const { app, tokens, ports } = here;
  const call = transport.connect(ports[transport.name] ?? 0);
  const rows = new Map<TableRow, Told>();
  for (const row of ROWS) {
    const headers = row.headers(tokens);
    if (transport.cannotCarry(headers) !== undefined) continue;
    let verdict = '';
    const records = await sink.during(async () => {
      verdict = await orSilence(call(app.url, row.target, headers));
    });
    rows.set(row, { verdict, events: records.filter(isMiss).map(withoutPlace) });
  }
  await transport.close?.();
  return rows;
}

const isMiss = ({ type }: AuditRecord): boolean => type === 'access.denied' || type === 'access.would_deny';

/** Each application makes families and identifiers of its own. */
function withoutPlace({ at: _at, correlationId: _id, ...told }: AuditRecord): object {
  return { ...told, familyId: 'familyId' in told && told.familyId !== undefined };
}

describe('observing before enforcing, by transport', () => {
  let enforced: Replay;
  let observed: Replay;
  beforeAll(async () => {
    enforced = await replay({});
    observed = await replay(OBSERVE);
  }, 120_000);

  for (const transport of TABLE_TRANSPORTS) declare(transport);

  function declare(transport: TableTransport): void {
    it(`${transport.name}: misses pass, and are reported as they would be refused`, () => {
      const [before, now] = [enforced.get(transport.name), observed.get(transport.name)];
      if (transport.service !== undefined && !before) return;
      expect(before?.size).toBeGreaterThan(30);
      for (const [row, { verdict, events }] of before ?? []) {
        const name = `${row.target}: ${row.sent}`;
        if (transport.verdictOf(row) !== row.verdict) {
          // Its connection is refused, or, where that is observed, its operation is.
          expect([name, now?.get(row)?.verdict]).not.toEqual([name, 'admitted']);
          continue;
        }
        const isPassed = verdict !== 'admitted' && passes(row);
        const type = isPassed ? 'access.would_deny' : 'access.denied';
        expect({ name, ...now?.get(row) }).toEqual({
          name,
          verdict: isPassed ? 'admitted' : verdict,
          events: events.map((event) => ({ ...(event as object), type })),
        });
      }
    });
  }
});

describe('what lasts and was let in while observing', () => {
  it('ends at the date, and what was let in by its token goes on', async () => {
    const apps = await startTableApps({ ...OBSERVE, auditSink: new KeepingSink() });
    const { app, tokens } = apps.express;
    const all = await Promise.all(
      [undefined, tokens.good, tokens.hasMore].flatMap((token) => [
        subscription(app.url, token),
        stream(app.url, token),
      ]),
    );
    try {
      expect(all.map(({ isOpen }) => isOpen())).toEqual(all.map(() => true));
      app.clock.advance(Date.parse(UNTIL) / 1000 - app.clock.seconds);
      for (let waited = 0; waited < 2000 && all.slice(0, 4).some(({ isOpen }) => isOpen()); waited += 20)
        await sleep(20);
      expect(all.map(({ isOpen }) => isOpen())).toEqual([false, false, false, false, true, true]);
    } finally {
      for (const { end } of all) end();
      for (const each of Object.values(apps)) await each.app.close();
    }
  });
});

interface Lasting {
  isOpen(): boolean;
  end(): void;
}

/** A connection on which something was subscribed to that asks for scopes. */
async function subscription(url: string, token: string | undefined): Promise<Lasting> {
  let isOpen = true;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => undefined,
    connectionParams: token === undefined ? {} : { 'ACCESS-TOKEN': token },
    on: { closed: () => (isOpen = false) },
  });
  const { value } = await client.iterate({ query: 'subscription { scopedEvents }' }).next();
  expect(value).toEqual({ data: { scopedEvents: 'admitted' } });
  return { isOpen: () => isOpen, end: () => void client.dispose() };
}

async function stream(url: string, token: string | undefined): Promise<Lasting> {
  let isOpen = true;
  const request = get(`${url}/sse/scoped`, {
    headers: token === undefined ? {} : { 'access-token': token },
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.on('close', () => (isOpen = false)).on('error', () => undefined);
  response.resume();
  return { isOpen: () => isOpen, end: () => request.destroy() };
}
