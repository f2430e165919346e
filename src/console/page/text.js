/** What the command line escapes too: it cannot be seen, changes the direction of writing, or looks like a space. */
const HIDDEN = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{DI}]/gu;

/**
 * An identifier or label as it may be shown: as it is, or as the command line shows it where something in it is hidden or
 * is a quote, a backslash or a space at an end.
 * @param {string} text
 */
export function shown(text) {
  const quoted = JSON.stringify(text).replace(HIDDEN, escaped);
  return quoted === `"${text}"` && text === text.trim() ? text : quoted;
}

function escaped(character) {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
