const WIDTH = 860;
const PANEL = 170;
const SERIES = [
  {
    title: 'heap after collection and resident memory, MiB',
    lines: [
      ['heap', '#1f7a5c'],
      ['rss', '#8a8f98'],
    ],
  },
  {
    title: 'latency of guarded requests, ms: p50 and p99',
    lines: [
      ['p50', '#1f7a5c'],
      ['p99', '#b9603a'],
    ],
  },
];

/** Memory and latency percentiles over time. @param samples one a second or so */
export function soakChart(samples) {
  const last = Math.max(1, samples.at(-1)?.second ?? 1);
  const x = (second) => (60 + (second / last) * (WIDTH - 90)).toFixed(1);
  const panels = SERIES.map(({ title, lines }, index) => {
    const top = 20 + index * (PANEL + 40);
    const most = Math.max(...samples.flatMap((sample) => lines.map(([key]) => sample[key])), 0.001) * 1.1;
    const y = (value) => (top + 20 + PANEL - (value / most) * PANEL).toFixed(1);
    return [
      `<text x="60" y="${top + 10}">${title}</text>`,
      ...[0, 0.5, 1].map(
        (share) =>
          `<line x1="60" x2="${WIDTH - 30}" y1="${y(most * share)}" y2="${y(most * share)}" stroke="#e3e5e8"/><text x="54" y="${y(most * share)}" text-anchor="end" fill="#555">${(most * share).toPrecision(2)}</text>`,
      ),
      ...lines.map(
        ([key, colour]) =>
          `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${samples.map((sample) => `${x(sample.second)},${y(sample[key])}`).join(' ')}"/><text x="${WIDTH - 28}" y="${y(samples.at(-1)?.[key] ?? 0)}" fill="${colour}">${key}</text>`,
      ),
    ].join('\n');
  });
  const height = 20 + SERIES.length * (PANEL + 40) + 20;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join('\n')}
<text x="${WIDTH / 2}" y="${height - 8}" text-anchor="middle" fill="#555">seconds, 0 to ${last}</text>
</svg>
`;
}
