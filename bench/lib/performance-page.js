import { medianOf } from './goals.js';

const [BEGIN, END] = ['<!-- figures of bench/report.js -->', '<!-- end of the figures -->'];
const SHOWN = {
  open: 'open route, path rules on',
  memory: '`@AccessOnly()`, token seen before: memory',
  lmdb: '… embedded store',
  redis: '… Redis, tracked cache',
  postgres: '… PostgreSQL, tracked cache',
  rest: '… REST persistence API',
  mixed: '… memory, each request of a connection another one',
  master: '`@MasterOnly()`',
  'first-sight': 'first sight of a token',
  flood: 'a forged token, refused',
  'fast-jwt-cached': 'fast-jwt, its cache on',
  'fast-jwt': 'fast-jwt, uncached',
  'node-rs': '`@node-rs/jsonwebtoken`',
  jose: 'jose, `CryptoKey`',
  'jwt-key': '`@nestjs/jwt` recipe, `KeyObject`',
  'jwt-text': '`@nestjs/jwt` recipe, string secret',
  'passport-key': 'passport-jwt, `KeyObject`',
  'better-auth': 'better-auth, session check',
};

/** The page `docs/performance.md` with the figures of this run between its two marks. */
export function withFigures(page, result) {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/performance.md lacks ${BEGIN} or ${END}`);
  return `${before}${BEGIN}\n\n${figures(result)}\n\n${END}${after}`;
}

function figures({ node, machine, rows }) {
  const measured = rows.filter(({ framework, starts }) => framework === 'fastify' && starts.length > 0);
  const open = measured.filter(({ id }) => id === 'control').flatMap(({ starts }) => starts);
  const starts = measured.map((row) => row.starts.length);
  const cells = Object.entries(SHOWN).flatMap(([id, title]) => {
    const row = measured.find((one) => one.id === id);
    return row ? [[title, medianOf(row, 'added').toFixed(1)]] : [];
  });
  return [
    `CPU added to a request on Fastify, in the run that the report shows (Node ${node.split('.')[0]}, ${machine.cpus}, medians of ${Math.min(...starts)} or more fresh starts, ${range(open.map((start) => start.open))} µs for the open route of the control):`,
    '',
    ...table([['guard', 'added, µs'], ...cells]),
    '',
    `On Express \`@AccessOnly()\` adds ${onExpress(rows)} µs.`,
  ].join('\n');
}

function onExpress(rows) {
  const names = { memory: 'memory', lmdb: 'embedded store', redis: 'Redis', postgres: 'PostgreSQL' };
  return Object.entries(names)
    .flatMap(([id, name]) => {
      const row = rows.find((one) => one.id === id && one.framework === 'express' && one.starts.length > 0);
      return row ? [`${medianOf(row, 'added').toFixed(1)} (${name})`] : [];
    })
    .join(', ');
}

function range(values) {
  const [least, most] = [Math.min(...values).toFixed(0), Math.max(...values).toFixed(0)];
  return least === most ? least : `${least} to ${most}`;
}

/** Aligned, as Prettier has it. */
function table(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const line = (cells, fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column], fill)).join(' | ')} |`;
  const [head, ...rest] = lines;
  return [line(head), line(['', ''], '-'), ...rest.map((cells) => line(cells))];
}
