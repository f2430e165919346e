import { readFileSync, writeFileSync } from 'node:fs';
import type { TableTokens } from './table-tokens.js';
import { TABLE_ROWS, type TableRow } from './table-rows.js';
import { WRITTEN } from './table-targets.js';
import { TABLE_TRANSPORTS } from './table-transports.js';

const PAGE = 'docs/transports.md';
const [START, END] = ['<!-- table of credentials -->', '<!-- end of the table -->'];
const HEAD = ['asked for', 'sent', 'answer', 'except'];

/** The table as the page has it, by the tokens of any application. */
export function writtenTable(tokens: TableTokens): string {
  const lines = TABLE_ROWS.map((row) => [
    WRITTEN[row.target],
    row.sent,
    answerOf(row),
    exceptionsOf(row, tokens),
  ]);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const written = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [written(HEAD), written(widths.map((width) => '-'.repeat(width))), ...lines.map(written)].join('\n');
}

/** The table that the page has at present. */
export function tableOfPage(): string {
  const [, table] = partsOfPage();
  return table.trim();
}

export function writeTableToPage(table: string): void {
  const [before, , after] = partsOfPage();
  writeFileSync(PAGE, `${before}\n\n${table}\n\n${after}`);
}

function partsOfPage(): readonly [before: string, table: string, after: string] {
  const page = readFileSync(PAGE, 'utf8');
  const start = page.indexOf(START) + START.length;
  const end = page.indexOf(END);
  if (start < START.length || end < start) throw new Error(`${PAGE} has not ${START} and ${END}`);
  return [page.slice(0, start), page.slice(start, end), page.slice(end)];
}

function answerOf({ verdict }: TableRow): string {
  return verdict === 'admitted' ? 'admitted' : `\`${verdict}\``;
}

function exceptionsOf(row: TableRow, tokens: TableTokens): string {
  const names = new Map<string, string[]>();
  for (const transport of TABLE_TRANSPORTS) {
    const verdict = transport.verdictOf(row);
    const exception =
      transport.cannotCarry(row.headers(tokens)) ??
      (verdict === row.verdict ? undefined : `\`${verdict}\`, before it says what it subscribes to`);
    if (exception !== undefined) names.set(exception, [...(names.get(exception) ?? []), transport.name]);
  }
  return Array.from(names, ([exception, of]) => `${of.join(', ')}: ${exception}`).join('; ');
}
