/** One table, a column for each run. */
export function settingsTable(results) {
  const names = [...new Set(results.flatMap(({ stores }) => Object.keys(stores)))];
  const lines = [
    ['Node', ({ node, v8 }) => `${node} (V8 ${v8})`],
    ['set of cases', ({ set }) => set],
    ['begun, ended', ({ startedAt, endedAt }) => `${minuteOf(startedAt)}, ${minuteOf(endedAt)} UTC`],
    ['commit', ({ commit }) => commit],
    ['machine', ({ machine }) => `${machine.cpus}, ${machine.memory}, ${machine.system}`],
    ['load of the machine before', ({ machine }) => machine.loadBefore.toFixed(1)],
    ['fresh starts of a row', startsOf],
    [
      'load generator',
      ({ connections }) =>
        `a process of its own, ${connections} keep-alive connections, each with one request under way`,
    ],
    [
      'flags of the servers',
      () =>
        '`--expose-gc`; on Express also `--min-semi-space-size=64 --max-semi-space-size=64 --initial-old-space-size=4096`',
    ],
    [
      'settings of the module',
      () =>
        '`audit-log: off`, no limits of failed attempts (each refusal is measured in full), defaults otherwise; the embedded store is durable (synced before an answer)',
    ],
    ['REST persistence API', () => 'a process of its own on the same machine, connections kept'],
    ...names.map((name) => [name, ({ stores }) => textOf(stores[name])]),
    ['packages', ({ packages }) => textOf(packages)],
    ['requests of the rows', ({ rows }) => requestsOf(rows)],
    ['observed errors', ({ rows }) => errorsOf(rows)],
    [
      'noise: control on Fastify, Express',
      ({ rows }) => `${noiseOf(rows, 'fastify')}; ${noiseOf(rows, 'express')}`,
    ],
  ];
  return [
    `| metric | ${results.map(({ node }) => `Node ${node.split('.')[0]}`).join(' | ')} |`,
    `| --- | ${results.map(() => '---').join(' | ')} |`,
    ...lines.map(([name, of]) => `| ${name} | ${results.map(of).join(' | ')} |`),
    '',
  ];
}

function minuteOf(text) {
  return text.slice(0, 16).replace('T', ' ');
}

function textOf(values) {
  if (!values) return 'did not answer: its rows are left out';
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value === '' ? '(empty)' : value}`)
    .join(', ');
}

function startsOf({ rows }) {
  const counts = rows.flatMap(({ starts }) => starts.length || []);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? most : `${least} to ${most}`;
}

function requestsOf(rows) {
  return rows
    .reduce((sum, { requests }) => sum + requests, 0)
    .toLocaleString('en')
    .replaceAll(',', ' ');
}

/** An answer of another status than is expected ends its row, so that each error is a row. */
function errorsOf(rows) {
  const failed = rows.filter((row) => row.failed);
  if (failed.length === 0) return 'none: every request had the answer that is expected';
  return failed.map(({ framework, id, failed: message }) => `${framework}, ${id}: ${message}`).join('; ');
}

function noiseOf(rows, framework) {
  const control = rows.find((row) => row.framework === framework && row.id === 'control');
  if (!control?.starts.length) return 'not measured';
  const added = control.starts.map((start) => start.added);
  return `${Math.min(...added).toFixed(2)} to ${Math.max(...added).toFixed(2)} µs`;
}
