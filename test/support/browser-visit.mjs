// Drives the page of sample/04-sockets in a real browser, and says each thing that it saw, one JSON value a line.
// Arguments: the browser's executable, the page, an access token, a refresh token. Ends when its stdin does.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [, , executablePath, url, access, refresh] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage();
await page.goto(url);

const steps = {
  connect: async (token) => {
    await page.fill('#access', token || access);
    await page.fill('#refresh', refresh);
    await page.click('#login button');
  },
  say: async (text) => {
    await page.fill('#text', text);
    await page.click('#say button');
  },
  renew: async () => page.click('#renew'),
  /** Waits until the log holds the text, and answers the log. */
  wait: async (text) => {
    await page.waitForFunction(
      (expected) => document.getElementById('log').textContent.includes(expected),
      text,
      { timeout: 8000 },
    );
  },
};

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say('open');
for await (const line of createInterface({ input: process.stdin })) {
  const [step, argument] = JSON.parse(line);
  try {
    await steps[step](argument);
    say({ log: (await page.textContent('#log')).split('\n').filter((entry) => entry !== '') });
  } catch (error) {
    say({ error: String(error), log: await page.textContent('#log') });
  }
}
await browser.close();
