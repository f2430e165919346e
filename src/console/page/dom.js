// Makes elements. Values are only ever set as text, never as HTML.

/** @param {string} name @param {Record<string, unknown>} properties `on…` are listeners, others attributes */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function button(text, onclick, label = text) {
  return element('button', { type: 'button', 'aria-label': label, onclick }, text);
}

/** @param {readonly string[]} columns @param {readonly (readonly (string | Node)[])[]} rows */
export function table(caption, columns, rows) {
  if (rows.length === 0) return element('p', {}, 'There is nothing to list.');
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element(
        'thead',
        {},
        element('tr', {}, ...columns.map((text) => element('th', { scope: 'col' }, text))),
      ),
      element(
        'tbody',
        {},
        ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
      ),
    ),
  );
}

/** @param {number | undefined} seconds since the epoch */
export function time(seconds) {
  if (seconds === undefined) return '–';
  const date = new Date(seconds * 1000).toISOString();
  return element('time', { datetime: date }, date.slice(0, 19).replace('T', ' ') + ' Z');
}

/** Says what has happened, to screen readers too. */
export function tell(text) {
  document.getElementById('told').textContent = text;
}

/**
 * Asks before something is done.
 * @param {{ question: string, action: string, typed?: string }} what `typed` has to be typed first
 * @returns {Promise<boolean>}
 */
export function confirmed({ question, action, typed }) {
  const before = document.activeElement;
  const input = element('input', { 'aria-label': 'Confirmation', autocomplete: 'off', spellcheck: 'false' });
  const yes = element('button', { value: 'yes' }, action);
  if (typed !== undefined) {
    yes.disabled = true;
    input.addEventListener('input', () => (yes.disabled = input.value !== typed));
  }
  const dialog = element(
    'dialog',
    { 'aria-label': action },
    element(
      'form',
      { method: 'dialog' },
      element('p', {}, question),
      ...(typed === undefined
        ? []
        : [element('p', {}, 'Type ', element('code', {}, typed), ' to confirm.'), input]),
      yes,
      element('button', { value: 'no', formnovalidate: true }, 'Cancel'),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
