import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith } from '../support/services.js';
import { startTableApps, type TableApp } from '../support/transports-table/table-apps.js';
import { type Caller, orSilence } from '../support/transports-table/table-callers.js';
import { tableOfPage, writeTableToPage, writtenTable } from '../support/transports-table/table-page.js';
import { TABLE_ROWS } from '../support/transports-table/table-rows.js';
import { TABLE_TRANSPORTS, type TableAppName } from '../support/transports-table/table-transports.js';

// Whatever a call travels by, the same credentials come to the same verdict.
let apps: Readonly<Record<TableAppName, TableApp>>;
beforeAll(async () => {
  apps = await startTableApps();
});
afterAll(async () => {
  for (const { app } of Object.values(apps)) await app.close();
});

it('the table has sixty credentials and more, each once', () => {
  expect(TABLE_ROWS.length).toBeGreaterThanOrEqual(60);
  const lines = TABLE_ROWS.map(({ target, headers }) => `${target} ${String(headers)}`);
  expect(new Set(lines).size).toBe(TABLE_ROWS.length);
});

it('the page shows the table. FASTAUTH_TEST_WRITE_TABLE=1 writes it', () => {
  const table = writtenTable(apps.express.tokens);
  if (process.env['FASTAUTH_TEST_WRITE_TABLE'] === '1') writeTableToPage(table);
  expect(tableOfPage()).toBe(table);
});

for (const transport of TABLE_TRANSPORTS) {
  const describeTransport =
    transport.service === undefined ? describe : await describeWith(transport.service);
  describeTransport(`credentials by ${transport.name}`, () => {
    let call: Caller;
    beforeAll(() => {
      call = transport.connect(apps[transport.app].ports[transport.name] ?? 0);
    });
    afterAll(async () => {
      await transport.close?.();
    });

    it('come to the verdict that they come to everywhere', async () => {
      const { app, tokens } = apps[transport.app];
      const verdicts: string[] = [];
      const expected: string[] = [];
      for (const row of TABLE_ROWS) {
        const { target, sent, headers } = row;
        const made = headers(tokens);
        if (transport.cannotCarry?.(made) !== undefined) continue;
        expected.push(`${target}: ${sent}: ${transport.verdictOf(row)}`);
        verdicts.push(`${target}: ${sent}: ${await orSilence(call(app.url, target, made))}`);
      }
      expect(verdicts).toEqual(expected);
    }, 60_000);
  });
}
