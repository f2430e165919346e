import { Child } from './child.js';

/** Starts the REST persistence API; `url` is a `database-url`. */
export async function openPersistence() {
  const server = new Child('../persistence-server.js');
  return { url: await server.ask({ type: 'url' }), close: () => server.close() };
}
