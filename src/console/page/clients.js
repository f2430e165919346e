import { read } from './api.js';
import { button, element, table } from './dom.js';

/** The clients that have credentials of their own. */
export function clientsView(guard) {
  const list = element('div');
  const show = async (after) => {
    const { clients, next } = await read('clients', { after });
    const rows = clients.map((client) => [
      client.client_id,
      client.name ?? '–',
      client.enabled ? 'enabled' : 'disabled',
      client.method,
      client.scopes.join(' ') || '–',
      client.source,
    ]);
    list.replaceChildren(
      table('Clients with credentials', ['Client', 'Name', 'State', 'Method', 'Scopes', 'Kept in'], rows),
      ...(next
        ? [
            button(
              'Next clients',
              guard(() => show(next)),
            ),
          ]
        : []),
    );
  };
  return { content: [element('h2', {}, 'Clients'), list], show };
}
