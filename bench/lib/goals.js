import { CASES } from '../cases.js';
import { median } from './statistics.js';

/** Of what is not a row. */
export const GOALS = {
  memory: { most: 300, unit: 'bytes' },
  disk: { most: 400, unit: 'bytes' },
  startUp: { most: 80, unit: 'ms' },
  firstSight: { HS256: 1.5, ES256: 1.2, EdDSA: 1.2 },
};

export function caseOf(id) {
  return CASES.find((one) => one.id === id) ?? { id, title: id };
}

/** The median over the starts of a row; undefined where it was not measured. */
export function medianOf(row, key) {
  return row && row.starts.length > 0 ? median(row.starts.map((start) => start[key])) : undefined;
}

/** What a row must reach, and whether it does. Rows on Express have no goals. */
export function goalOf(row, rows) {
  const { goal } = caseOf(row.id);
  if (!goal || row.framework !== 'fastify' || row.starts.length === 0) return undefined;
  const [ratio, added] = [medianOf(row, 'ratio'), medianOf(row, 'added')];
  const parts = [];
  if (goal.ratio !== undefined) parts.push([`≥ ${goal.ratio}`, ratio >= goal.ratio]);
  if (goal.added !== undefined) parts.push([`≤ ${goal.added} µs`, added <= goal.added]);
  if (goal.times) parts.push(timesGoal(goal.times, added, rows));
  return { text: parts.map(([text]) => text).join(', '), isMet: parts.every(([, isMet]) => isMet) };
}

function timesGoal({ of, most }, added, rows) {
  const peer = medianOf(
    rows.find((row) => row.framework === 'fastify' && row.id === of),
    'added',
  );
  const { title } = caseOf(of);
  if (peer === undefined) return [`≤ ${most} × ${title} (not measured)`, false];
  return [`≤ ${most} × ${title}; is ${(added / peer).toFixed(2)} ×`, added / peer <= most];
}

/** Titles of the rows that have a goal and no figure. */
export function unmeasured({ rows }) {
  return rows
    .filter((row) => row.framework === 'fastify' && row.starts.length === 0 && caseOf(row.id).goal)
    .map((row) => caseOf(row.id).title);
}

/** Every goal of a run: what it is about, what is asked, and whether it is met. */
export function allGoals({ rows, facts }) {
  const list = rows.flatMap((row) => {
    const goal = goalOf(row, rows);
    return goal ? [{ title: caseOf(row.id).title, ...goal }] : [];
  });
  const add = (title, value, most, unit) =>
    list.push({ title, text: `≤ ${most} ${unit}`, isMet: value <= most });
  if (facts.memory) {
    add('a remembered token', facts.memory.memory, GOALS.memory.most, GOALS.memory.unit);
    add('a session on disk', facts.memory.disk, GOALS.disk.most, GOALS.disk.unit);
  }
  if (facts.startUp) add('start-up', facts.startUp.cpu.added, GOALS.startUp.most, GOALS.startUp.unit);
  for (const { algorithm, ratio } of facts.firstSight ?? [])
    add(`first check of a token, ${algorithm}`, ratio, GOALS.firstSight[algorithm], '×');
  return list;
}
