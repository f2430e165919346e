import { change, read } from './api.js';
import { button, confirmed, element, table, tell, time } from './dom.js';

/** The live sessions: part by part, or those of one client, which can be ended together. */
export function sessionsView(guard) {
  const wanted = element('input', { id: 'client', autocomplete: 'off', spellcheck: 'false' });
  const list = element('div');
  let client = '';

  const show = async (cursor) => {
    const { sessions, next, tracked } = await read('sessions', { client, cursor });
    if (!sessions) {
      list.replaceChildren(element('p', {}, 'This store cannot list its clients. Name one above.'));
      return;
    }
    const more =
      next &&
      button(
        'Next sessions',
        guard(() => show(next)),
      );
    const all =
      client && sessions.length > 0
        ? button(
            `End all sessions of ${client}`,
            guard(() => endAll()),
          )
        : undefined;
    list.replaceChildren(rows(sessions, tracked), ...[more, all].filter(Boolean));
  };
  const rows = (sessions, tracked) =>
    table(
      'Live sessions',
      ['Client', 'Label', 'Began', 'Refreshed', 'Last used', 'Ends', ''],
      sessions.map((session) => [
        session.client_id,
        session.label ?? '–',
        time(session.created_at),
        time(session.refreshed_at),
        tracked ? time(session.last_used_at) : 'not tracked',
        time(session.expires_at),
        button(
          'End',
          guard(() => end(session)),
          `End session ${session.session} of ${session.client_id}`,
        ),
      ]),
    );
  const end = async ({ client_id, session, label }) => {
    const which = label === undefined ? `the session ${session}` : `the session “${label}”`;
    if (!(await confirmed({ question: `End ${which} of ${client_id}?`, action: 'End session' }))) return;
    const { ended } = await change('sessions/end', { client_id, session });
    await show();
    tell(ended === 1 ? 'The session has ended.' : 'It had ended before.');
  };
  const endAll = async () => {
    const question = `End all sessions of ${client}? Its devices have to log in again.`;
    if (!(await confirmed({ question, action: 'End all sessions', typed: client }))) return;
    const { ended } = await change('sessions/end-all', { client_id: client, confirmation: client });
    await show();
    tell(`${ended} ${ended === 1 ? 'session' : 'sessions'} ended.`);
  };
  const find = guard(() => {
    client = wanted.value;
    return show();
  });
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
  return { content: [element('h2', {}, 'Sessions'), form, list], show };
}
