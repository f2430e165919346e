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
let view;

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
  main.replaceChildren();
  nav.hidden = who.hidden = true;
  form.hidden = false;
  input.focus();
}

function refused(error) {
  input.focus();
  tell(error.message);
}

function signedIn({ app: name, master_token: token, expires_at: end }) {
  form.hidden = true;
  nav.hidden = who.hidden = false;
  app.textContent = name;
  until.textContent = `${token}, until ${new Date(end * 1000).toISOString().slice(11, 19)} Z`;
  return open();
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

void read('state').then(guard(signedIn), signedOut);
