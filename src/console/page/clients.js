import { latest, read } from './api.js';
import { button, element, fill, heading, identifier, table } from './dom.js';

/** The clients that have credentials of their own. */
export function clientsView(guard) {
  const list = element('div');
  const readLatest = latest((after) => read('clients', { after }));
  const show = async (after) => {
    const answer = await readLatest(after);
    if (!answer) return;
    const { clients, next } = answer;
    const go = (text, to) =>
      button(
        text,
        guard(() => show(to)),
      );
    const rows = clients.map((client) => [
      identifier(client.client_id),
      identifier(client.name ?? '–'),
      client.enabled ? 'enabled' : 'disabled',
      client.method,
      client.scopes.join(' ') || '–',
      client.source,
    ]);
    fill(
      list,
      table('Clients with credentials', ['Client', 'Name', 'State', 'Method', 'Scopes', 'Kept in'], rows),
      after && go('First clients'),
      next && go('Next clients', next),
    );
  };
  return { content: [heading('Clients'), list], show: () => show() };
}
