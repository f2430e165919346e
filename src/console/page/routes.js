import { read } from './api.js';
import { element, heading, table } from './dom.js';

/** Everything that can be called from outside, and what it requires: what "fastauth routes" lists. */
export function routesView() {
  const list = element('div');
  const show = async () => {
    const { entries, deadRules, unenforced } = await read('routes');
    const rows = entries.map(({ kind, name, requires, origins, isOpen }) => [
      kind,
      name,
      isOpen ? element('strong', {}, requires) : requires,
      origins.join(', '),
    ]);
    list.replaceChildren(
      ...[...deadRules, ...unenforced].map((fault) => element('p', { class: 'fault' }, fault)),
      table('Routes', ['Kind', 'What', 'Requires', 'Because of'], rows),
    );
  };
  return { content: [heading('Routes'), list], show };
}
