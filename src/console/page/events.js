import { read, SignedOut } from './api.js';
import { element, fill, heading, identifier, row, tableOf, time } from './dom.js';

const EVERY_MS = 2000;
const MOST_MS = 30_000;
const SHOWN = 500;
const COLUMNS = ['When', 'What', 'More'];
const TOLD_APART = ['id', 'type', 'at', 'correlationId'];

/**
 * What happens while one looks. Each answer has the latest events of one process; what is known is left out. A row stays
 * the same element, so that what is focused or selected remains so.
 */
export function eventsView(guard) {
  const list = element('div');
  const fault = element('p', { class: 'fault', role: 'status' });
  /** Newest first. */
  const all = [];
  let wait = EVERY_MS;
  let timer;
  let isLeft = false;

  const show = async () => {
    const { events } = await read('events');
    const known = new Set(all.map(({ id }) => id));
    const fresh = events.filter(({ id }) => !known.has(id)).toReversed();
    const body = list.querySelector('tbody');
    all.unshift(...fresh.map((event) => ({ id: event.id, at: event.at, made: row(cells(event)) })));
    all.sort((a, b) => b.at - a.at);
    for (const { made } of all.splice(SHOWN)) made.remove();
    for (const [at, { made }] of all.entries()) {
      if (!made.parentNode) body?.insertBefore(made, body.children[at] ?? null);
    }
    const rows = all.map(({ made }) => made);
    if (!body) fill(list, tableOf('Latest events', COLUMNS, rows));
  };
  const follow = async () => {
    try {
      await show();
      fault.textContent = '';
      wait = EVERY_MS;
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      wait = Math.min(2 * wait, MOST_MS);
      fault.textContent = `${error.message}. Events are read again in ${wait / 1000} seconds.`;
    }
    if (!isLeft) timer = setTimeout(() => guard(follow)(), wait);
  };
  const leave = () => {
    isLeft = true;
    clearTimeout(timer);
  };
  return { content: [heading('Events'), fault, list], show: follow, leave };
}

function cells(event) {
  const more = Object.entries(event)
    .filter(([name, value]) => !TOLD_APART.includes(name) && value !== undefined)
    .flatMap(([name, value], at) => [
      at === 0 ? '' : ', ',
      element('span', { class: 'name' }, `${name}: `),
      identifier(String(value)),
    ]);
  return [time(event.at), event.type, element('span', {}, ...more)];
}
