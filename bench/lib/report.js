import { allGoals, unmeasured } from './goals.js';
import { PUBLISHED } from './published.js';
import { beside, factLines, firstSightTable } from './report-facts.js';
import { profileLines } from './report-profile.js';
import { rowTable } from './report-rows.js';
import { settingsTable } from './report-settings.js';

const NAMES = { fastify: 'Fastify', express: 'Express' };

/** The whole page as Markdown, from the raw figures of one run for each version of Node. */
export function report(results) {
  const parts = [
    '# Benchmark report',
    '',
    'Made by `npm run bench`; [README.md](README.md) says what is measured and how. The raw figures of each run, block by block, are in `bench/results/` of the repository.',
    '',
    '## Settings',
    '',
    ...settingsTable(results),
    ...results.flatMap(section),
    ...published(),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

function section(result) {
  const { node, rows } = result;
  return [
    `## Node ${node}`,
    '',
    ...goalLines(result),
    ...Object.entries(NAMES).flatMap(([framework, name]) => {
      const own = rows.filter((row) => row.framework === framework);
      return own.length > 0 ? [`### ${name}, Node ${node}`, '', ...rowTable(framework, own, rows)] : [];
    }),
    ...titled(`### Beside its peers, Node ${node}`, beside(rows, NAMES)),
    ...titled(`### First check of a token, Node ${node}`, firstSightTable(result)),
    ...titled(`### Memory, disk, start, revocation, Node ${node}`, factLines(result, NAMES)),
    ...titled(`### Where the CPU goes, Node ${node}`, profileLines(result)),
  ];
}

function goalLines(result) {
  const goals = allGoals(result);
  const missed = goals.filter(({ isMet }) => !isMet);
  const open = unmeasured(result);
  if (goals.length + open.length === 0) return [];
  const sentences = [
    `${goals.length - missed.length} of ${goals.length} goals are met.`,
    ...(missed.length > 0
      ? [`Missed: ${missed.map(({ title, text }) => `${title} (${text})`).join('; ')}.`]
      : []),
    ...(open.length > 0 ? [`Not measured: ${open.join('; ')}.`] : []),
  ];
  return [sentences.join(' '), ''];
}

function published() {
  return titled('## What other servers publish', [
    'Figures that others publish about their servers, on their machines. **None of them was run by us**, so they are no comparison; they say what is usual. [SCALE.md](SCALE.md) and `npm run bench:grants` have ours.',
    '',
    '| server | published figure | for each core | setting | source |',
    '| --- | --- | --- | --- | --- |',
    ...PUBLISHED.map(
      ({ server, figure, perCore, setting, source, other }) =>
        `| ${server} | ${figure} | ${perCore} | ${setting} | ${[source, other].filter(Boolean).join(', ')} |`,
    ),
  ]);
}

function titled(title, lines) {
  return lines.length > 0 ? [title, '', ...lines, ''] : [];
}
