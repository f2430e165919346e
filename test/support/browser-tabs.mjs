// Tabs of one browser, which are told what to do, one JSON value a line, and answer likewise.
// Arguments: the browser's executable, the page, how many tabs, what runs in each before the page. Ends when its stdin does.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [, , executablePath, url, tabs, before] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const context = await browser.newContext();
if (before) await context.addInitScript(before);
const pages = [];
for (let tab = 0; tab < Number(tabs); tab++) {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction('globalThis.ready');
  pages.push(page);
}

const steps = {
  /** The same expression in each tab at the same time. */
  all: (expression) => Promise.all(pages.map((page) => page.evaluate(expression))),
  first: async (expression) => pages[0].evaluate(expression),
  offline: (isOffline) => context.setOffline(isOffline),
  reload: async () => {
    await Promise.all(pages.map((page) => page.reload()));
    await Promise.all(pages.map((page) => page.waitForFunction('globalThis.ready')));
  },
};

const say = (value) => process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
say('open');
for await (const line of createInterface({ input: process.stdin })) {
  const [step, argument] = JSON.parse(line);
  try {
    say({ value: await steps[step](argument) });
  } catch (error) {
    say({ error: String(error) });
  }
}
await browser.close();
