import { caseOf, goalOf } from './goals.js';
import { summary } from './statistics.js';

/** What each case adds, on one of the frameworks: medians of the starts, their ranges in brackets. */
export function rowTable(framework, own, rows) {
  const isWithoutCollecting = own.some(({ starts }) => starts[0]?.allocated !== undefined);
  const last = isWithoutCollecting ? 'allocated more, KiB' : 'goal';
  return [
    ...(isWithoutCollecting
      ? [
          'Without the CPU of collecting garbage, which on Express is most of the noise ([why](README.md#noise)); what a guard leaves to be collected is in the column beside it.',
          '',
        ]
      : []),
    `| case | open route, µs | added, µs | open ÷ guarded | ${last} | refused before it was timed |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...own.map((row) => line(row, rows, isWithoutCollecting)),
    '',
  ];
}

function line(row, rows, isWithoutCollecting) {
  const { title } = caseOf(row.id);
  if (row.failed) return `| ${title} | failed: ${row.failed} | | | | |`;
  if (row.starts.length === 0)
    return `| ${title} | not measured: ${row.skipped ? 'the service does not answer' : 'the time was up'} | | | | |`;
  const of = (key, digits, scale = 1) =>
    figure(summary(row.starts.map((start) => start[key] / scale)), digits);
  const goal = goalOf(row, rows);
  const goalText = goal ? `${goal.text}: ${goal.isMet ? 'met' : '**missed**'}` : '';
  const last = isWithoutCollecting ? of('allocated', 1, 1024) : goalText;
  return `| ${title} | ${of('open', 1)} | ${of('added', 2)} | ${of('ratio', 2)} | ${last} | ${row.refused.join(', ')} |`;
}

function figure({ median, least, most }, digits) {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
