import { OWN } from './profile-shares.js';

const LEAST = 0.01;
const MOST_FILES = 6;

/** The shares of a CPU profile, and what they say is the bottleneck. */
export function profileLines({ facts: { profile } }) {
  if (!profile) return [];
  const { requests, samples, packages, files } = profile;
  const [first] = packages;
  const own = packages.find(({ name }) => name === OWN)?.share ?? 0;
  const shown = packages.filter(({ share }) => share >= LEAST);
  const rest = packages.filter(({ share }) => share < LEAST).reduce((sum, { share }) => sum + share, 0);
  return [
    `A CPU profile of the main thread during ${requests} guarded requests on the embedded store (Fastify, ${samples} samples), idle time left out. The bottleneck is ${first.name} (${percent(first.share)}); the module itself takes ${percent(own)}.`,
    '',
    '| package | share |',
    '| --- | --- |',
    ...shown.map(({ name, share }) => `| ${name} | ${percent(share)} |`),
    `| all others | ${percent(rest)} |`,
    '',
    '| file of the module | share |',
    '| --- | --- |',
    ...files.slice(0, MOST_FILES).map(({ name, share }) => `| \`${name}\` | ${percent(share)} |`),
  ];
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
