import { readFileSync } from 'node:fs';
import { caseOf, GOALS, medianOf } from './goals.js';

const PEERS = [
  'fast-jwt-cached',
  'fast-jwt',
  'node-rs',
  'jose',
  'jwt-key',
  'jwt-text',
  'passport-key',
  'passport-text',
  'better-auth',
];
/** What a peer is compared with: those that remember tokens, and those that verify each time. */
const OWN = ['lmdb', 'first-sight'];

/** What the peers add, as multiples of what the guard adds in the same run. */
export function beside(rows, names) {
  const lines = Object.keys(names).flatMap((framework) => {
    const added = (id) =>
      medianOf(
        rows.find((row) => row.framework === framework && row.id === id),
        'added',
      );
    const own = OWN.map(added);
    return PEERS.flatMap((id) => {
      const peer = added(id);
      if (peer === undefined) return [];
      const times = own.map((value) => (value > 0 ? `${(peer / value).toFixed(1)} ×` : '–'));
      return [`| ${names[framework]} | ${caseOf(id).title} | ${peer.toFixed(1)} | ${times.join(' | ')} |`];
    });
  });
  if (lines.length === 0) return [];
  return [
    '| framework | peer | added, µs | as multiple of the guard on the embedded store | of a first sight (HS256) |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ];
}

/** In one process, without HTTP, the two in turn. */
export function firstSightTable({ facts: { firstSight } }) {
  if (!firstSight) return [];
  const bareOf = { HS256: "fast-jwt's verification, uncached" };
  return [
    'CPU of `TokenService.check()` for a token that is not remembered, the look-up in the memory store included, beside the bare verification of the same tokens; both in one process by turns, without HTTP.',
    '',
    '| algorithm | bare | bare, µs | check, µs | check ÷ bare | goal |',
    '| --- | --- | --- | --- | --- | --- |',
    ...firstSight.map(({ algorithm, bare, check, ratio }) => {
      const most = GOALS.firstSight[algorithm];
      return `| ${algorithm} | ${bareOf[algorithm] ?? '`node:crypto`'} | ${bare.toFixed(1)} | ${check.toFixed(1)} | ${ratio.toFixed(2)} | ≤ ${most}: ${verdict(ratio <= most)} |`;
    }),
  ];
}

export function factLines({ node, rows, facts: { memory, startUp, staleness } }, names) {
  const lines = [];
  for (const { framework, flood } of rows) {
    if (flood)
      lines.push(
        `- ${flood.count} distinct invalid tokens (${names[framework]}): the heap grew by ${(flood.grownBytes / 1024).toFixed(0)} KiB; of ${flood.known} known tokens ${flood.forgotten} had to be verified again.`,
      );
  }
  if (memory) {
    lines.push(
      `- A remembered token takes ${memory.memory.toFixed(0)} bytes of heap (goal ≤ ${GOALS.memory.most}: ${verdict(memory.memory <= GOALS.memory.most)}), a session of the embedded store ${memory.disk.toFixed(0)} bytes on disk (goal ≤ ${GOALS.disk.most}: ${verdict(memory.disk <= GOALS.disk.most)}); over ${memory.count}.`,
    );
  }
  if (startUp) {
    lines.push(
      `- The module adds ${startUp.cpu.added.toFixed(0)} ms of CPU (${startUp.wall.added.toFixed(0)} ms on the clock) until the application listens, which bare takes ${startUp.cpu.bare.toFixed(0)} ms (${startUp.wall.bare.toFixed(0)} ms); goal ≤ ${GOALS.startUp.most} ms of CPU: ${verdict(startUp.cpu.added <= GOALS.startUp.most)}; medians of ${startUp.rounds} starts each.`,
    );
  }
  const counts = instructionsOf(node);
  if (counts?.scoped && counts.guarded) {
    lines.push(
      `- By instructions (\`baseline.json\`, counted by \`npm run bench:gate\`), a scoped route asks ${counts.scoped - counts.guarded} more than \`@AccessOnly()\`, which asks ${counts.guarded}.`,
    );
  }
  for (const { title, lastAccepted, process: name, revocations } of staleness ?? []) {
    lines.push(
      `- Revoked, ${title}: ${name} admitted ${lastAccepted === undefined ? `no request that was sent after the answer${revocations ? `, in ${revocations} revocations` : ''}` : `a request that was sent ${lastAccepted.toFixed(1)} ms after the answer, and none later`}.`,
    );
  }
  return lines;
}

function instructionsOf(node) {
  const counts = JSON.parse(readFileSync(new URL('../baseline.json', import.meta.url), 'utf8'));
  return counts[`node ${node.split('.')[0]} x64`];
}

function verdict(isMet) {
  return isMet ? 'met' : '**missed**';
}
