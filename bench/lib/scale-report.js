import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const HEAD = '# Scale report\n\nMade by `npm run bench:scale`.';
/** In which order sections stand, by how their headings begin. */
const ORDER = ['CPU of a guarded', 'Growth', 'Refreshes', 'idle sockets', 'Soak'];

/** Puts sections in the place of those of the same kind; those of parts that were not run stay. */
export function writeSections(file, sections) {
  const before = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split(/\n(?=## )/)
        .slice(1)
    : [];
  const fresh = sections.map((lines) => lines.join('\n'));
  const kinds = new Set(fresh.map(kindOf));
  const kept = before.map((section) => section.trim()).filter((section) => !kinds.has(kindOf(section)));
  const all = [...kept, ...fresh].sort((a, b) => placeOf(a) - placeOf(b));
  writeFileSync(file, `${[HEAD, ...all].join('\n\n')}\n`);
}

/** Its heading without the numbers, which differ from run to run. */
function kindOf(section) {
  const [heading] = section.split('\n', 1);
  return heading.replaceAll(/\d+/g, '');
}

function placeOf(section) {
  const [heading] = section.split('\n', 1);
  const place = ORDER.findIndex((words) => heading.includes(words));
  return place === -1 ? ORDER.length : place;
}
