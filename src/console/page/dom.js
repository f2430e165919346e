import { shown } from './text.js';

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

/** @param {readonly (string | Node)[]} cells */
export function row(cells) {
  return element('tr', {}, ...cells.map((cell) => element('td', {}, cell)));
}

/** @param {readonly string[]} columns @param {readonly (readonly (string | Node)[])[]} rows */
export function table(caption, columns, rows) {
  if (rows.length === 0) return element('p', {}, 'There is nothing to list.');
  return tableOf(caption, columns, rows.map(row));
}

/** @param {readonly string[]} columns @param {readonly HTMLTableRowElement[]} rows */
export function tableOf(caption, columns, rows) {
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
      element('tbody', {}, ...rows),
    ),
  );
}

/** An identifier or label, which changes the direction of nothing beside it. */
export function identifier(text) {
  return element('bdi', {}, shown(text));
}

/** @param {number | undefined} seconds since the epoch */
export function time(seconds) {
  if (seconds === undefined) return '–';
  const date = new Date(seconds * 1000).toISOString();
  return element('time', { datetime: date }, date.slice(0, 19).replace('T', ' ') + ' Z');
}

/** The title of a view, where the focus goes if what had it is gone. */
export function heading(text) {
  return element('h2', { tabindex: '-1' }, text);
}

/**
 * Replaces what `list` shows. What has the focus is looked for by its name; a button in a row gives it to the row that has
 * moved there.
 */
export function fill(list, ...children) {
  const { activeElement: before } = document;
  const hadFocus = list.contains(before);
  const inRows = () => [...list.querySelectorAll('tbody button')];
  const at = inRows().indexOf(before);
  const name = before?.getAttribute('aria-label');
  list.replaceChildren(...children.filter(Boolean));
  if (!hadFocus) return;
  const named = [...list.querySelectorAll('[aria-label]')].find(
    (one) => one.getAttribute('aria-label') === name,
  );
  const row = at < 0 ? undefined : (inRows()[at] ?? inRows().at(-1));
  (named ?? row ?? document.querySelector('h2'))?.focus();
}

/** Says what has happened, to screen readers too. */
export function tell(text) {
  document.getElementById('told').textContent = text;
}

/**
 * Asks before something is done.
 * @param {{ question: string, action: string, typed?: string }} what `typed` has to be typed first. The focus is never on
 * what does it
 * @returns {Promise<boolean>}
 */
export function confirmed({ question, action, typed }) {
  const before = document.activeElement;
  const input = element('input', {
    'aria-label': 'Confirmation',
    autocomplete: 'off',
    spellcheck: 'false',
    autofocus: true,
  });
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
      element('button', { value: 'no', formnovalidate: true, autofocus: typed === undefined }, 'Cancel'),
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
