import { change, read, SignedOut } from './api.js';
import { clientsView } from './clients.js';
import { tell } from './dom.js';
import { eventsView } from './events.js';
import { keysView } from './keys.js';
import { routesView } from './routes.js';
import { sessionsView } from './sessions.js';

const VIEWS = {
  sessions: sessionsView,
  clients: clientsView,
  keys: keysView,
  events: eventsView,
  routes: routesView,
};
const [app, nav, who, until, main, form, input] = [
  'app',
  'nav',
  'who',
  'until',
  'main',
  'sign-in',
  'master-token',
].map((id) => document.getElementById(id));
/** How often is asked whether one is still signed in: somebody may have signed out in another tab. */
const ASK_EVERY_MS = 10_000;
/** What is shown longer than signing in can last, by this clock, is cleared even if the server does not answer. */
const LIFETIME_MS = 15 * 60_000;
const NEEDS_HTTPS = 'The console needs HTTPS: this connection would show your master token to others.';
let view;
let since;

/** A listener that does something, with its failure told. */
function guard(action) {
  return (...values) => {
    action(...values).catch((error) => {
      if (error instanceof SignedOut) signedOut();
      tell(error.message);
    });
  };
}

function signedOut() {
  view?.leave?.();
  view = undefined;
  document.querySelector('dialog')?.close();
  main.replaceChildren();
  app.textContent = until.textContent = '';
  nav.hidden = who.hidden = true;
  form.hidden = false;
  input.disabled = !isSecureContext;
  if (!isSecureContext) tell(NEEDS_HTTPS);
  input.focus();
}

function refused(error) {
  input.focus();
  tell(error.message);
}

function signedIn(state) {
  form.hidden = true;
  nav.hidden = who.hidden = false;
  since = performance.now();
  named(state);
  return open();
}

function named({ app: name, master_token: token, expires_at: end }) {
  app.textContent = name;
  until.textContent = `${token}, until ${new Date(end * 1000).toISOString().slice(11, 19)} Z`;
}

/** Notices that signing in has ended, here or elsewhere. */
async function ask() {
  if (nav.hidden) return;
  if (performance.now() - since >= LIFETIME_MS) throw new SignedOut('Sign in to the console');
  const state = await read('state');
  if (!nav.hidden) named(state);
}

async function open() {
  if (nav.hidden) return;
  const name = Object.hasOwn(VIEWS, location.hash.slice(1)) ? location.hash.slice(1) : 'sessions';
  for (const link of nav.children) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  view?.leave?.();
  const next = VIEWS[name](guard);
  view = next;
  main.replaceChildren(...next.content);
  await next.show();
  if (view === next) main.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!isSecureContext) return;
  const token = input.value;
  input.value = '';
  tell('');
  void change('sign-in', { master_token: token }).then(guard(signedIn), refused);
});
document.getElementById('sign-out').addEventListener(
  'click',
  guard(async () => {
    await change('sign-out');
    signedOut();
    tell('Signed out.');
  }),
);
addEventListener('hashchange', () => {
  tell('');
  guard(open)();
});

function check() {
  ask().catch((error) => {
    // Views say by themselves that the server does not answer.
    if (error instanceof SignedOut) guard(() => Promise.reject(error))();
  });
}
setInterval(check, ASK_EVERY_MS);
addEventListener('focus', check);
document.addEventListener('visibilitychange', check);

void read('state').then(guard(signedIn), signedOut);
