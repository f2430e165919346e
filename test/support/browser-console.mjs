// Tours the console by keyboard alone, in a real browser, and says what it saw as one JSON value.
// Arguments: the browser's executable, the console, the master token, `light` or `dark`, a client with three sessions that end,
// a folder for pictures or nothing.
import { chromium } from 'playwright-core';

const [, , executablePath, url, masterToken, colorScheme, client, pictures] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const context = await browser.newContext({ colorScheme, viewport: { width: 1000, height: 400 } });
const page = await context.newPage();
page.setDefaultTimeout(8000);
const seen = { violations: [], dialogs: 0, sent: [], received: [], texts: {}, steps: [] };
await page.exposeFunction('violated', (directive) => seen.violations.push(directive));
await page.addInitScript(() =>
  addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
    globalThis.violated(violatedDirective),
  ),
);
page.on('console', (message) => {
  if (/Content Security Policy/i.test(message.text())) seen.violations.push(message.text());
});
page.on('pageerror', (error) => seen.violations.push(String(error)));
page.on('dialog', (dialog) => {
  seen.dialogs++;
  void dialog.dismiss();
});
const answers = [];
page.on('request', (request) =>
  seen.sent.push(`${request.method()} ${request.url()} ${request.postData() ?? ''}`),
);
page.on('response', (response) => answers.push(response.text().catch(() => '')));

const { keyboard } = page;
const focused = () =>
  page.evaluate(() => {
    const { activeElement: at } = document;
    return at.getAttribute('aria-label') ?? at.textContent.trim() ?? '';
  });
/** Goes on by Tab until the element with this name has the focus. */
const reach = async (name, isId = false) => {
  for (let presses = 0; presses < 80; presses++) {
    const at = isId ? await page.evaluate(() => document.activeElement.id) : await focused();
    if (at === name) return;
    await keyboard.press('Tab');
  }
  throw new Error(`Nothing named ${name} takes the focus`);
};
const press = async (name) => {
  await reach(name);
  await keyboard.press('Enter');
};
const told = (text) =>
  page.waitForFunction((wanted) => document.getElementById('told').textContent.includes(wanted), text);
const shown = (text) =>
  page.waitForFunction((wanted) => document.getElementById('main').innerText.includes(wanted), text);
const picture = async (name) => {
  if (pictures) await page.screenshot({ path: `${pictures}/console-${name}-${colorScheme}.png` });
};

await page.goto(url);
await page.waitForFunction(() => document.activeElement.id === 'master-token');
await keyboard.type('a wrong one');
await keyboard.press('Enter');
await told('Unauthorized Master Token');
await page.waitForFunction(() => document.activeElement.id === 'master-token');
await keyboard.type(masterToken);
await keyboard.press('Enter');
await shown(client);
seen.background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
seen.texts.sessions = await page.innerText('main');
await picture('sessions');

const label = await page.evaluate(() =>
  document.querySelector('button[aria-label^="End session"]').getAttribute('aria-label'),
);
await press(label);
await press('Cancel');
await press(label);
await press('End session');
await told('The session has ended.');

await reach('client', true);
await keyboard.type(client);
await keyboard.press('Enter');
await shown('End all sessions of');
await press(`End all sessions of ${client}`);
seen.disabledBefore = await page.evaluate(() => document.querySelector('dialog button').disabled);
await reach('Confirmation');
await keyboard.type(client.slice(0, -1));
seen.disabledHalfway = await page.evaluate(() => document.querySelector('dialog button').disabled);
await keyboard.type(client.slice(-1));
await press('End all sessions');
await told('sessions ended.');
seen.told = await page.innerText('#told');

await press('Clients');
await shown('Clients with credentials');
seen.texts.clients = await page.innerText('main');
await press('Keys');
await shown('Rotate keys');
seen.texts.keys = await page.innerText('main');
await picture('keys');
await press('Rotate keys');
await page.waitForSelector('dialog');
await press('Rotate keys');
await told('is announced');
await press('Events');
await shown('session.revoked');
seen.texts.events = await page.innerText('main');
await press('Routes');
await shown('own endpoint');
seen.texts.routes = await page.innerText('main');
await picture('routes');

seen.cookies = (await context.cookies()).map(({ name, httpOnly, secure, sameSite, value }) => ({
  name,
  httpOnly,
  secure,
  sameSite,
  isToken: value.includes(masterToken),
}));
seen.readable = await page.evaluate(
  () => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }),
);
seen.html = await page.content();
await press('Sign out');
await told('Signed out.');
seen.left = (await context.cookies()).length;
seen.received = await Promise.all(answers);
await browser.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
