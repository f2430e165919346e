import { change, read } from './api.js';
import { button, confirmed, element, table, tell, time } from './dom.js';

/** The keys of the ring, and who still needs each of them. */
export function keysView(guard) {
  const list = element('div');
  const show = async () => {
    const { keys, can_rotate: canRotate } = await read('keys');
    const rows = keys.map((key) => [
      key.kid,
      key.algorithm,
      key.status,
      time(key.signing_from),
      time(key.verify_until),
      neededBy(key),
      key.until === undefined ? '–' : time(key.until),
      key.source,
    ]);
    const columns = [
      'Key',
      'Algorithm',
      'State',
      'Signs from',
      'Accepted until',
      'Needed by',
      'Until',
      'From',
    ];
    list.replaceChildren(
      table('Keys', columns, rows),
      canRotate
        ? button('Rotate keys', guard(rotate))
        : element('p', {}, 'Keys can be rotated here once key-set-file is set.'),
    );
  };
  const rotate = async () => {
    const question =
      'Make a new key? Every process knows it at once, and signs with it in a minute. Tokens of the old key stay good.';
    if (!(await confirmed({ question, action: 'Rotate keys' }))) return;
    const { kid } = await change('keys/rotate');
    await show();
    tell(`${kid} is announced, and signs in a minute.`);
  };
  return { content: [element('h2', {}, 'Keys'), list], show };
}

function neededBy({ sessions }) {
  if (sessions === undefined) return 'not known';
  return `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
}
