import { read } from './api.js';
import { element, table, time } from './dom.js';

const EVERY_MS = 2000;
const SHOWN = 500;
const TOLD_APART = ['id', 'type', 'at', 'correlationId'];

/** What happens while one looks. Each answer has the latest events of one process; what is known is left out. */
export function eventsView(guard) {
  const list = element('div');
  const known = new Map();
  let timer;
  let isLeft = false;
  const show = async () => {
    const { events } = await read('events');
    const before = known.size;
    for (const event of events) known.set(event.id, event);
    if (known.size === before && before > 0) return;
    const all = [...known.values()].sort((a, b) => b.at - a.at).slice(0, SHOWN);
    known.clear();
    for (const event of all.toReversed()) known.set(event.id, event);
    list.replaceChildren(table('Latest events', ['When', 'What', 'More'], all.map(row)));
  };
  const follow = async () => {
    await show();
    if (!isLeft) timer = setTimeout(() => guard(follow)(), EVERY_MS);
  };
  const leave = () => {
    isLeft = true;
    clearTimeout(timer);
  };
  return { content: [element('h2', {}, 'Events'), list], show: follow, leave };
}

function row(event) {
  const more = Object.entries(event)
    .filter(([name, value]) => !TOLD_APART.includes(name) && value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  return [time(event.at), event.type, more.join(', ')];
}
