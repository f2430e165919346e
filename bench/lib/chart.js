import { caseOf, medianOf } from './goals.js';

const WIDTH = 860;
const LEFT = 300;
const ROW = 26;
const COLOURS = { own: '#1f7a5c', peer: '#b9603a', control: '#8a8f98' };
const SHOWN = [
  'control',
  'empty-guard',
  'open',
  'memory',
  'lmdb',
  'redis',
  'postgres',
  'master',
  'fast-jwt-cached',
  'fast-jwt',
  'node-rs',
  'jwt-key',
  'passport-key',
  'jose',
  'jwt-text',
  'passport-text',
  'better-auth',
];

/** What each case adds to a request on Fastify in one run, as bars on a logarithmic scale. */
export function chart({ node, connections, rows }) {
  const bars = rows
    .filter((row) => row.framework === 'fastify' && row.starts.length > 0 && SHOWN.includes(row.id))
    .map((row) => ({
      title: caseOf(row.id).title.replaceAll('`', ''),
      kind: caseOf(row.id).kind ?? 'own',
      added: medianOf(row, 'added'),
    }));
  const least = 0.1;
  const most = 10 ** Math.ceil(Math.log10(Math.max(...bars.map(({ added }) => added), 10)));
  const x = (value) =>
    LEFT +
    ((Math.log10(Math.max(value, least)) - Math.log10(least)) / (Math.log10(most) - Math.log10(least))) *
      (WIDTH - LEFT - 70);
  const height = 70 + bars.length * ROW + 30;
  const ticks = [];
  for (let tick = least; tick <= most * 1.001; tick *= 10) ticks.push(tick);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(
      16,
      26,
      `CPU that a guard adds to a request (Fastify, ${connections} connections)`,
      'font-size="16" font-weight="600"',
    ),
    text(16, 46, `microseconds, logarithmic; Node ${node}; less is better`, 'fill="#555"'),
    ...ticks.map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="60" y2="${height - 30}" stroke="#e3e5e8"/>${text(x(tick), height - 12, String(+tick.toPrecision(1)), 'text-anchor="middle" fill="#555"')}`,
    ),
    ...bars.map(({ title, kind, added }, index) => {
      const y = 66 + index * ROW;
      return `${text(LEFT - 10, y + 14, title, 'text-anchor="end"')}<rect x="${LEFT}" y="${y}" width="${Math.max(1, x(added) - LEFT).toFixed(1)}" height="${ROW - 8}" rx="2" fill="${COLOURS[kind]}"/>${text(Math.max(LEFT + 1, x(added)) + 6, y + 14, `${added.toFixed(1)}`, 'fill="#333"')}`;
    }),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function text(x, y, content, attributes = '') {
  return `<text x="${typeof x === 'number' ? x.toFixed(1) : x}" y="${y}" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}
