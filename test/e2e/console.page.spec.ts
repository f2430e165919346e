import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { printable } from '../../src/cli/command-output.js';
import { TokenService } from '../../src/index.js';
import { MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { CHROMIUM } from '../support/client-page.js';
import { itIf } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** A name that is not localhost, and is this machine all the same. */
const ELSEWHERE = 'ops.example.test';
const HOSTILE = ['\u202enimda', ' lead', 'trail ', 'a\u200bda', '\u3164', 'a\u00a0b', '"ada"', 'a\\u200bda'];
const inChromium = itIf(CHROMIUM !== undefined, 'no Chromium');

let app: TestApp;
let browser: Browser | undefined;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (!CHROMIUM) return;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`],
  });
});
afterAll(async () => {
  await browser?.close();
  removeTemporaryFolders();
});
beforeEach(async () => {
  if (!browser) return;
  app = await startApp({
    adapter: 'fastify',
    fastauth: {
      console: true,
      databaseUrl: `lmdb:${join(temporaryFolder(), 'store')}`,
      sessionsPerClient: 'unlimited',
      keySetFile: join(temporaryFolder(), 'keys.json'),
    },
  });
  context = await browser.newContext();
  page = await open();
});
afterEach(async () => {
  await context?.close();
  await app?.close();
});

function consoleAt(host: string): string {
  return `${app.url.replace('127.0.0.1', host)}/auth/console`;
}

async function open(): Promise<Page> {
  const opened = await context.newPage();
  opened.setDefaultTimeout(5000);
  await opened.clock.install();
  await opened.goto(consoleAt('localhost'));
  await opened.waitForSelector('#master-token:focus, #main:focus');
  return opened;
}

async function signIn(view = 'sessions'): Promise<void> {
  await page.fill('#master-token', MASTER_TOKEN);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#main:focus');
  if (view === 'sessions') return;
  await page.click(`nav a[href="#${view}"]`);
  await page.getByRole('heading', { name: view, level: 2 }).waitFor();
}

/** Waits until the page has this text, in whatever case. */
function shows(text: string, at = page): Promise<void> {
  return at.getByText(text).first().waitFor();
}

/** Waits for what is under way in the page. */
function settled(): Promise<unknown> {
  return page.evaluate('new Promise(requestAnimationFrame)');
}

async function issue(clientId: string, times = 1, label?: string): Promise<string[]> {
  const tokens = app.app.get(TokenService);
  const families: string[] = [];
  for (let time = 0; time < times; time++) {
    app.clock.advance(1);
    families.push((await tokens.issue({ clientId, ...(label === undefined ? {} : { label }) })).familyId);
  }
  return families;
}

async function find(clientId: string): Promise<void> {
  await page.fill('#client', clientId);
  await page.keyboard.press('Enter');
}

function focused(): Promise<string> {
  return page.evaluate(`(({ activeElement: at }) =>
    at === document.body ? 'body' : at.getAttribute('aria-label') ?? at.textContent)(document)`);
}

describe('the page of the console', () => {
  inChromium('follows events again after the server has failed, and says so meanwhile', async () => {
    await signIn('events');
    let polls = 0;
    let isDown = true;
    await page.route('**/console/events', (route) => {
      polls++;
      return isDown ? route.fulfill({ status: 502, body: 'Bad gateway' }) : route.continue();
    });
    await page.clock.runFor(2000);
    await shows('again in 4 seconds');
    await page.clock.runFor(4000);
    await shows('again in 8 seconds');
    await page.clock.runFor(7000);
    expect(polls).toBe(2);
    await issue('carl');
    isDown = false;
    await page.clock.runFor(1500);
    await shows('clientId: carl');
    expect(await page.innerText('body')).not.toMatch(/again in|answered 502/);
    await issue('dora');
    await page.clock.runFor(2000);
    await shows('clientId: dora');
  });

  inChromium('lists what was asked for last, however late an answer comes', async () => {
    await issue('ada', 2);
    await issue('bob', 3);
    await signIn();
    let answered = (): void => undefined;
    const later = new Promise<void>((resolve) => (answered = resolve));
    await page.route(/sessions\?client=ada/, async (route) => {
      await later;
      await route.continue();
    });
    const late = page.waitForResponse(/sessions\?client=ada/);
    await find('ada');
    await find('bob');
    await shows('End all sessions of bob');
    answered();
    await (await late).finished();
    await settled();
    expect(await page.locator('tbody tr td:first-child').allInnerTexts()).toEqual(['bob', 'bob', 'bob']);
    expect(await page.innerText('caption')).toBe('Live sessions of bob');
  });

  inChromium('shows identifiers as the command does, where they hide something', async () => {
    for (const name of HOSTILE) await issue(name, 1, name);
    await issue('plain', 1, 'two words');
    const escaped = HOSTILE.map((name) => printable(JSON.stringify(name)));
    await signIn();
    await shows('plain');
    const cells = await page.locator('td:nth-child(-n + 2)').allTextContents();
    expect(cells).toEqual([...escaped.flatMap((name) => [name, name]), 'plain', 'two words']);

    for (const [at, name] of HOSTILE.entries()) {
      await find(name);
      await page.click(`button:has-text(${JSON.stringify(`End all sessions of ${escaped[at]}`)})`);
      expect(await page.innerText('dialog')).toContain(`End all sessions of ${escaped[at]}?`);
      await page.fill('dialog input', escaped[at] ?? '');
      const everything = await page.evaluate<string>(`
        Array.from(document.querySelectorAll('[aria-label]'), (each) => each.getAttribute('aria-label')).join()
          + document.body.innerText`);
      if (printable(name) !== name) expect(everything).not.toContain(name);
      await page.keyboard.press('Enter');
      await shows('There is nothing to list');
      expect(await app.app.get(TokenService).sessions(name)).toEqual([]);
    }
    await page.click('nav a[href="#events"]');
    for (const name of escaped) await shows(`clientId: ${name}`);
  });

  inChromium('shows a key as soon as it was made', async () => {
    await signIn('keys');
    await page.click('text=Rotate keys');
    await page.click('dialog button[value=yes]');
    await shows('is announced');
    const kid = (await page.innerText('#told')).split(' ')[0] ?? '';
    await expectInTime(() => page.innerText('main'), kid);
  });

  inChromium('shows session identifiers, which are those of the events', async () => {
    const [family = ''] = await issue('ada');
    await signIn();
    expect(await page.locator('tbody code').allInnerTexts()).toEqual([family]);
    await page.click('tbody code');
    expect(await page.evaluate('String(getSelection())')).toBe(family);
    await page.click('nav a[href="#events"]');
    await shows(`familyId: ${family}`);
  });

  inChromium('keeps the focus at a sensible place', async () => {
    const [first, second, third] = await issue('ada', 3);
    await signIn();
    const buttonOf = (family?: string) => `End session ${family} of ada`;
    const end = async (family?: string) => {
      await page.focus(`button[aria-label="${buttonOf(family)}"]`);
      await page.keyboard.press('Enter');
      await page.waitForSelector('dialog');
      expect(await focused()).toBe('Cancel');
      await page.click('dialog button[value=yes]');
      await page.waitForSelector(`button[aria-label="${buttonOf(family)}"]`, { state: 'detached' });
    };
    await end(second);
    expect(await focused()).toBe(buttonOf(third));
    await end(third);
    expect(await focused()).toBe(buttonOf(first));
    await find('ada');
    await page.click('text=End all sessions of ada');
    expect(await focused()).toBe('Confirmation');
    await page.keyboard.type('ada');
    await page.keyboard.press('Enter');
    await shows('There is nothing to list');
    expect(await focused()).toBe('Sessions');

    await page.click('nav a[href="#events"]');
    await shows('session.revoked');
    await page.focus('.scroll');
    await page.evaluate('getSelection().selectAllChildren(document.querySelector("tbody tr"))');
    const selected = await page.evaluate('String(getSelection())');
    await issue('dora');
    await page.clock.runFor(2000);
    await shows('clientId: dora');
    expect(await page.innerText('tbody tr:first-child')).toContain('clientId: dora');
    expect(await focused()).toBe('Latest events');
    expect(await page.evaluate('String(getSelection())')).toBe(selected);
  });

  inChromium('sends no master token without HTTPS', async () => {
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.method()} ${request.url()}`));
    await page.goto(consoleAt(ELSEWHERE));
    await shows('needs HTTPS');
    await page.evaluate(`document.getElementById('master-token').value = '${MASTER_TOKEN}';
      document.querySelector('form').dispatchEvent(new Event('submit', { cancelable: true }))`);
    await settled();
    expect(sent.filter((line) => line.startsWith('POST'))).toEqual([]);
    expect(await page.isDisabled('#master-token')).toBe(true);
  });

  inChromium('clears what it shows once signing in has ended, also elsewhere', async () => {
    await issue('ada');
    await signIn();
    const other = await open();
    await shows('ada', other);
    await other.click('tbody button');
    await page.click('#sign-out');
    await other.clock.runFor(10_000);
    await isCleared(other);

    await signIn();
    await shows('ada');
    app.clock.advance(900);
    await page.evaluate(`dispatchEvent(new Event('focus'))`);
    await isCleared(page);

    await signIn();
    await shows('ada');
    await page.route('**/console/**', (route) => route.abort());
    await page.clock.runFor(899_000);
    await shows('ada');
    await page.clock.runFor(11_000);
    await isCleared(page);
  });

  inChromium('offers more sessions only where there are more, and a way back', async () => {
    // The store lists them by their identifiers.
    const [first = ''] = (await issue('ada', 230)).toSorted();
    await issue('bob');
    await app.app.get(TokenService).revokeClient('bob');
    await signIn();
    await shows(first);
    await page.click('text=Next sessions');
    await rowsAre(30);
    expect(await page.locator('text=Next sessions').count()).toBe(0);
    expect(await focused()).toBe('Sessions');
    await page.click('text=First sessions');
    await rowsAre(200);
    expect(await page.locator('text=First sessions').count()).toBe(0);
    expect(await page.locator('text=Next sessions').count()).toBe(1);
  });
});

/** Waits until the table has so many rows. */
async function rowsAre(count: number): Promise<void> {
  await page.locator(`tbody:has(tr:nth-child(${count}):last-child)`).waitFor();
}

/** What the server does in its own time, which the clock of the page does not move. */
async function expectInTime(read: () => Promise<string>, text: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if ((await read()).includes(text)) return;
    await page.clock.runFor(100);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await read()).toContain(text);
}

async function isCleared(at: Page): Promise<void> {
  await at.waitForSelector('#master-token:focus');
  expect(await at.locator('main *, dialog').count()).toBe(0);
  expect(await at.isVisible('#who')).toBe(false);
  expect(await at.innerText('body')).not.toMatch(/ada|master-token/);
}
