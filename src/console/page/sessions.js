import { change, latest, read } from './api.js';
import { button, confirmed, element, fill, heading, identifier, table, tell, time } from './dom.js';
import { shown } from './text.js';

/** The live sessions: part by part, or those of one client, which can be ended together. */
export function sessionsView(guard) {
  const wanted = element('input', { id: 'client', autocomplete: 'off', spellcheck: 'false' });
  const list = element('div');
  const readLatest = latest((query) => read('sessions', query));
  let asked = {};

  /** The list and its buttons belong to one query. */
  const show = async (query = asked) => {
    asked = query;
    const answer = await readLatest(query);
    if (!answer) return;
    const { sessions, next, tracked } = answer;
    const { client, cursor } = query;
    if (!sessions) {
      fill(list, element('p', {}, 'This store cannot list its clients. Name one above.'));
      return;
    }
    const go = (text, to) =>
      button(
        text,
        guard(() => show(to)),
      );
    fill(
      list,
      rows(client, sessions, tracked),
      cursor && go('First sessions', {}),
      next && go('Next sessions', { cursor: next }),
      client &&
        sessions.length > 0 &&
        button(
          `End all sessions of ${shown(client)}`,
          guard(() => endAll(client)),
        ),
    );
  };
  const rows = (client, sessions, tracked) =>
    table(
      client ? `Live sessions of ${shown(client)}` : 'Live sessions',
      ['Client', 'Label', 'Session', 'Began', 'Refreshed', 'Last used', 'Ends', ''],
      sessions.map((session) => [
        identifier(session.client_id),
        identifier(session.label ?? '–'),
        element('code', { title: session.session }, session.session),
        time(session.created_at),
        time(session.refreshed_at),
        tracked ? time(session.last_used_at) : 'not tracked',
        time(session.expires_at),
        button(
          'End',
          guard(() => end(session)),
          `End session ${session.session} of ${shown(session.client_id)}`,
        ),
      ]),
    );
  const end = async ({ client_id, session, label }) => {
    const which = label === undefined ? `the session ${session}` : `the session “${shown(label)}”`;
    const question = `End ${which} of ${shown(client_id)}?`;
    if (!(await confirmed({ question, action: 'End session' }))) return;
    const { ended } = await change('sessions/end', { client_id, session });
    await show();
    tell(ended === 1 ? 'The session has ended.' : 'It had ended before.');
  };
  const endAll = async (client) => {
    const question = `End all sessions of ${shown(client)}? Its devices have to log in again.`;
    if (!(await confirmed({ question, action: 'End all sessions', typed: shown(client) }))) return;
    const { ended } = await change('sessions/end-all', { client_id: client, confirmation: client });
    await show();
    tell(`${ended} ${ended === 1 ? 'session' : 'sessions'} ended.`);
  };
  const find = guard(() => show({ client: wanted.value }));
  const form = element(
    'form',
    {
      onsubmit: (event) => {
        event.preventDefault();
        return find();
      },
    },
    element('label', { for: 'client' }, 'Client'),
    wanted,
    element('button', {}, 'Show'),
  );
  return { content: [heading('Sessions'), form, list], show: () => show() };
}
