import { Controller, Get, Header } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { build } from 'esbuild';
import { AccessOnly, CurrentPrincipal, Public, type Principal } from '../../src/index.js';
import { JsonChild } from './child-process.js';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

const PAGE = `<!doctype html><title>client</title>
<script type="module">
import { createFastauthClient } from '/client.js';
const real = Date.now;
// The clock of this tab's device, which the test moves.
globalThis.ahead = Number(sessionStorage.ahead ?? 0);
Date.now = () => real() + globalThis.ahead;
globalThis.client = createFastauthClient({ baseUrl: location.origin, storage: localStorage });
globalThis.ended = 0;
client.onEnded(() => globalThis.ended++);
globalThis.ready = true;
</script>`;

/** The built client as a browser loads it. */
export async function bundledClient(entry = 'src/client/index.ts', name = '*'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export ${name} from './${entry}'`, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}

@Controller()
export class ClientPageController {
  @Public()
  @Get()
  @Header('content-type', 'text/html')
  page(): string {
    return PAGE;
  }

  @Public()
  @Get('client.js')
  @Header('content-type', 'text/javascript')
  script(): Promise<string> {
    return bundledClient();
  }

  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId };
  }
}

/** Tabs of one browser that show one page. */
export class Tabs {
  private constructor(private readonly browser: JsonChild) {}

  static async open(url: string, tabs: number, before = ''): Promise<Tabs> {
    const browser = new JsonChild(process.execPath, [
      'test/support/browser-tabs.mjs',
      CHROMIUM as string,
      url,
      String(tabs),
      before,
    ]);
    if ((await browser.next()) !== 'open') throw new Error('The browser did not open');
    return new Tabs(browser);
  }

  all<T>(expression: string): Promise<T[]> {
    return this.step('all', expression);
  }

  first<T>(expression: string): Promise<T> {
    return this.step('first', expression);
  }

  offline(isOffline: boolean): Promise<void> {
    return this.step('offline', isOffline);
  }

  reload(): Promise<void> {
    return this.step('reload');
  }

  close(): Promise<void> {
    return this.browser.end();
  }

  private async step<T>(name: string, argument?: unknown): Promise<T> {
    this.browser.tell([name, argument]);
    const answer = await this.browser.next<{ value: T; error?: string }>();
    if (!answer || answer.error) throw new Error(answer?.error ?? 'The browser has gone');
    return answer.value;
  }
}
