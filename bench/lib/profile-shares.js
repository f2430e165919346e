import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const OWN = 'nestjs-fastauth';
const NODE_NETWORK = /^node:(?:_http|net|http|internal\/(?:http|streams|stream_base|js_stream|timers))/;
const SOCKET_WRITE = /^write(?:v|Buffer|\w+String)$/;
const OTHER = 'Node.js: task queues, events and the rest';
const NOT_CODE = {
  '(garbage collector)': 'garbage collection',
  '(program)': 'outside JavaScript: event loop, reading sockets',
};

/**
 * What a CPU profile's samples were in, as shares of the time that was not idle: by package, and in the module itself
 * by file of its source, which the bundle names in comments.
 */
export function sharesOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const places = new Map(nodes.map(({ id }) => [id, placeOf(id, byId, parents)]));
  const packages = new Map();
  const files = new Map();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const place = places.get(id);
    if (!place) continue;
    const time = timeDeltas[index];
    busy += time;
    add(packages, place.package, time);
    if (place.file) add(files, place.file, time);
  }
  return { samples: samples.length, packages: ranked(packages, busy), files: ranked(files, busy) };
}

/** undefined: idle. What is compiled into Node or an addon counts as its caller's. */
function placeOf(id, byId, parents) {
  const { url, functionName, lineNumber } = byId.get(id).callFrame;
  if (functionName === '(idle)') return undefined;
  if (Object.hasOwn(NOT_CODE, functionName)) return { package: NOT_CODE[functionName] };
  if (!url && SOCKET_WRITE.test(functionName)) return { package: 'the kernel: writing to sockets' };
  if (!url) return parents.has(id) ? placeOf(parents.get(id), byId, parents) : { package: OTHER };
  if (url.startsWith('node:'))
    return { package: NODE_NETWORK.test(url) ? 'Node.js: HTTP, sockets and streams' : OTHER };
  const name = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (name) return { package: name };
  if (url.includes('/dist/')) return { package: OWN, file: sourceOf(url, lineNumber) };
  return { package: 'the application' };
}

/** The file of the source that this line of the bundle comes from. */
function sourceOf(url, line) {
  const lines = linesOf(url);
  for (let index = Math.min(line, lines.length - 1); index >= 0; index--) {
    const file = /^\/\/ (?:build\/)?(\S+\.js)$/.exec(lines[index])?.[1];
    if (file) return file.replace(/^(?:.*\/)?node_modules\//, '').replace(/\.js$/, '.ts');
  }
  return 'bundle';
}

const bundles = new Map();

function linesOf(url) {
  if (!bundles.has(url)) bundles.set(url, readFileSync(fileURLToPath(url), 'utf8').split('\n'));
  return bundles.get(url);
}

function add(times, name, time) {
  times.set(name, (times.get(name) ?? 0) + time);
}

function ranked(times, busy) {
  return [...times]
    .map(([name, time]) => ({ name, share: time / busy }))
    .sort((one, other) => other.share - one.share);
}
