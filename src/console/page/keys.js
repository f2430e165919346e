import { change, read } from './api.js';
import { button, confirmed, element, fill, heading, identifier, table, tell, time } from './dom.js';

const EVERY_MS = 500;
/** A process sees within a second what another one has written to the file. */
const MOST_LOOKS = 10;

/** The keys of the ring, and who still needs each of them. */
export function keysView(guard) {
  const list = element('div');
  const show = async () => {
    const { keys, can_rotate: canRotate } = await read('keys');
    const rows = keys.map((key) => [
      identifier(key.kid),
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
    fill(
      list,
      table('Keys', columns, rows),
      canRotate
        ? button('Rotate keys', guard(rotate))
        : element('p', {}, 'Keys can be rotated here once key-set-file is set.'),
    );
    return keys;
  };
  const rotate = async () => {
    const question =
      'Make a new key? Every process knows it at once, and signs with it in a minute. Tokens of the old key stay good.';
    if (!(await confirmed({ question, action: 'Rotate keys' }))) return;
    const { kid } = await change('keys/rotate');
    tell(`${kid} is announced, and signs in a minute.`);
    for (let looks = 0; looks < MOST_LOOKS && list.isConnected; looks++) {
      const keys = await show();
      if (keys.some((key) => key.kid === kid)) return;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  };
  return { content: [heading('Keys'), list], show };
}

function neededBy({ sessions }) {
  if (sessions === undefined) return 'not known';
  return `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
}
