// The endpoints of the console. They are beside the page's script, wherever the application has put it.
const base = new URL('.', document.querySelector('script').src);

/** Thrown where signing in has ended. */
export class SignedOut extends Error {}

/** @param {string} path @param {Record<string, string | undefined>} parameters those without a value are left out */
export function read(path, parameters = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.set(name, value);
  return call(url, {});
}

/** @param {string} path @param {Record<string, string>} parameters */
export function change(path, parameters = {}) {
  const headers = { 'content-type': 'application/json' };
  return call(new URL(path, base), { method: 'POST', headers, body: JSON.stringify(parameters) });
}

/**
 * Asks as `ask` does, and has nothing to say to those who asked before once somebody has asked again.
 * @template T @param {(...values) => Promise<T>} ask @returns {(...values) => Promise<T | undefined>}
 */
export function latest(ask) {
  let last;
  return (...values) => {
    const asked = (last = ask(...values));
    return asked.then(
      (answer) => (asked === last ? answer : undefined),
      (error) => {
        if (asked === last || error instanceof SignedOut) throw error;
      },
    );
  };
}

async function call(url, init) {
  const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init }).catch(() => {
    throw new Error('The server cannot be reached');
  });
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const text = body.message ?? body.detail ?? `The server answered ${response.status}`;
  if (response.status === 401) throw new SignedOut(text);
  throw new Error(text);
}
