import { cpus, release, totalmem, loadavg } from 'node:os';
import { summary } from './statistics.js';

const NAMES = { fastify: 'Fastify', express: 'Express' };

/** The whole result as Markdown. */
export function report({ rows, facts }) {
  const frameworks = [...new Set(rows.map(({ framework }) => framework))];
  const parts = [
    '# Benchmark report',
    '',
    'Made by `npm run bench`; what is measured and how is told in [README.md](README.md).',
    '',
    machine(rows),
    '',
    ...frameworks.flatMap((framework) =>
      table(
        framework,
        rows.filter((row) => row.framework === framework),
      ),
    ),
    ...relations(rows),
    ...factLines(rows, facts),
  ];
  return `${parts.join('\n')}\n`;
}

function machine(rows) {
  const starts = summary(rows.flatMap(({ results }) => results.length || []));
  const [cpu] = cpus();
  return (
    `${cpus().length} × ${cpu.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}; ` +
    `${starts.least === starts.most ? starts.most : `${starts.least} to ${starts.most}`} fresh starts a row, medians, ranges in brackets; load of the machine at the end ${loadavg()[0].toFixed(1)}. ` +
    'The control rows measure the open route against itself: what they show is noise, and so is as much of every other row.'
  );
}

function table(framework, rows) {
  const lines = rows.map((row) => {
    const { title, goal } = row.case;
    if (row.failed) return `| ${title} | failed: ${row.failed} | | | | |`;
    if (row.results.length === 0)
      return `| ${title} | not measured: ${row.skipped ? 'the service does not answer' : 'the time was up'} | | | | |`;
    const of = (key) => summary(row.results.map((result) => result[key]));
    const goals =
      framework === 'fastify' && goal ? goalText(goal, of('ratio').median, of('added').median) : '';
    return `| ${title} | ${figure(of('open'), 1)} | ${figure(of('added'), 1)} | ${figure(of('ratio'), 2)} | ${goals} | ${row.refused.join(', ')} |`;
  });
  return [
    `## ${NAMES[framework]}`,
    '',
    '| case | open route, µs | added, µs | open ÷ guarded | goal | refused before it was timed |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ];
}

function goalText({ ratio, added }, measuredRatio, measuredAdded) {
  const met = (ratio === undefined || measuredRatio >= ratio) && measuredAdded <= added;
  return `${ratio === undefined ? '' : `≥ ${ratio}, `}≤ ${added} µs: ${met ? 'met' : 'missed'}`;
}

function figure({ median, least, most }, digits) {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/** How much less the guard adds than its peers do, in the same run. */
function relations(rows) {
  const added = (framework, id) => {
    const row = rows.find(
      (candidate) =>
        candidate.framework === framework && candidate.case.id === id && candidate.results.length > 0,
    );
    return row && summary(row.results.map((result) => result.added)).median;
  };
  const lines = ['fastify', 'express'].flatMap((framework) => {
    const own = added(framework, 'lmdb');
    if (own === undefined) return [];
    return ['jwt-text', 'jwt-key', 'passport-text', 'passport-key', 'better-auth'].flatMap((id) => {
      const peer = added(framework, id);
      const title = rows.find((row) => row.case.id === id)?.case.title;
      return peer === undefined
        ? []
        : [
            `- ${NAMES[framework]}: ${title} adds ${(peer / own).toFixed(0)} times what the guard on the embedded store adds.`,
          ];
    });
  });
  return lines.length ? ['## Beside its peers', '', ...lines, ''] : [];
}

function factLines(rows, { memory, startUp, staleness }) {
  const lines = [];
  for (const { framework, flood } of rows) {
    if (flood)
      lines.push(
        `- ${flood.count} distinct invalid tokens (${NAMES[framework]}): the heap grew by ${(flood.grownBytes / 1024).toFixed(0)} KiB; of ${flood.known} known tokens ${flood.forgotten} had to be verified again.`,
      );
  }
  if (memory) {
    lines.push(
      `- A remembered token takes ${memory.memory.toFixed(0)} bytes of heap (goal ≤ 300), a session of the embedded store ${memory.disk.toFixed(0)} bytes on disk (goal ≤ 400); over ${memory.count}.`,
    );
  }
  if (startUp) {
    lines.push(
      `- The module adds ${startUp.cpu.added.toFixed(0)} ms of CPU (${startUp.wall.added.toFixed(0)} ms on the clock) until the application listens, which bare takes ${startUp.cpu.bare.toFixed(0)} ms (${startUp.wall.bare.toFixed(0)} ms); goal ≤ 30 ms; median of ${startUp.rounds} starts each.`,
    );
  }
  for (const { title, lastAccepted, process: name } of staleness ?? []) {
    lines.push(
      `- Revoked, ${title}: ${name} admitted ${lastAccepted === undefined ? 'no request that was sent after the answer' : `a request that was sent ${lastAccepted.toFixed(1)} ms after the answer, and none later`}.`,
    );
  }
  return lines.length ? ['## Memory, disk, start, revocation', '', ...lines] : [];
}
