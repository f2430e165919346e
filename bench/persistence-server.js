// The REST persistence API in a process of its own, so that its CPU is not counted: records in a map, connections kept.
import { createServer } from 'node:http';
import { answer } from './lib/answer.js';

/** @type {Map<string, string>} JSON of the last save by client */
const records = new Map();

const server = createServer((request, response) => {
  const clientId = new URL(request.url, 'http://host').searchParams.get('client_id');
  if (request.method === 'GET') return reply(response, records.get(clientId));
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => (body += text));
  request.on('end', () => {
    records.set(clientId, body);
    reply(response, '{"status":"success"}');
  });
});
server.keepAliveTimeout = 60_000;
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

answer({ url: () => `http://127.0.0.1:${server.address().port}/` });

function reply(response, json) {
  const headers = { 'content-type': 'application/json' };
  response.writeHead(json === undefined ? 404 : 200, headers).end(json ?? '{"detail":"Client not found"}');
}
