import { Controller, Get, HttpCode, Inject, Post, SetMetadata } from '@nestjs/common';
import type { TokenRequest } from '../endpoints/token-request.js';
import { OpenEndpoint, SignedInEndpoint } from './console-endpoint.js';
import { CONSOLE, type Console } from './console.js';

/** The files of the page, by which it names them. */
const FILES = [
  'app.js',
  'api.js',
  'dom.js',
  'text.js',
  'sessions.js',
  'clients.js',
  'keys.js',
  'events.js',
  'routes.js',
  'style.css',
  'icon.svg',
].map((name) => `console/${name}`);

/**
 * The console for operators. Its routes are there only with the setting `console`; the page, its files and signing in
 * are open, everything else needs the console's cookie. Nothing is changed by a GET.
 */
@Controller()
// What @ApiExcludeController() writes: it is a page for people, and part of no API.
@SetMetadata('swagger/apiExcludeController', [true])
export class ConsoleController {
  @Inject(CONSOLE)
  readonly console!: Console;

  @Get('console')
  @OpenEndpoint()
  getConsole(request: TokenRequest): object {
    return this.console.page.page(request);
  }

  @Get(FILES)
  @OpenEndpoint()
  getConsoleFile(request: TokenRequest): object {
    return this.console.page.file(request);
  }

  @Post('console/sign-in')
  @HttpCode(200)
  @OpenEndpoint()
  signIntoConsole(request: TokenRequest): Promise<object> {
    return this.console.access.signIn(request);
  }

  @Post('console/sign-out')
  @HttpCode(200)
  @SignedInEndpoint()
  signOutOfConsole(request: TokenRequest): object {
    return this.console.access.signOut(request);
  }

  @Get('console/state')
  @SignedInEndpoint()
  getConsoleState(request: TokenRequest): object {
    return this.console.access.state(request);
  }

  @Get('console/sessions')
  @SignedInEndpoint()
  getConsoleSessions(request: TokenRequest): Promise<object> {
    return this.console.sessions.list(request);
  }

  @Post('console/sessions/end')
  @HttpCode(200)
  @SignedInEndpoint()
  endConsoleSession(request: TokenRequest): Promise<object> {
    return this.console.sessions.end(request);
  }

  @Post('console/sessions/end-all')
  @HttpCode(200)
  @SignedInEndpoint()
  endConsoleSessions(request: TokenRequest): Promise<object> {
    return this.console.sessions.endAll(request);
  }

  @Get('console/clients')
  @SignedInEndpoint()
  getConsoleClients(request: TokenRequest): Promise<object> {
    return this.console.clients.list(request);
  }

  @Get('console/keys')
  @SignedInEndpoint()
  getConsoleKeys(): Promise<object> {
    return this.console.keys.list();
  }

  @Post('console/keys/rotate')
  @HttpCode(200)
  @SignedInEndpoint()
  rotateConsoleKeys(): Promise<object> {
    return this.console.keys.rotate();
  }

  @Get('console/events')
  @SignedInEndpoint()
  getConsoleEvents(): object {
    return this.console.events.list();
  }

  @Get('console/routes')
  @SignedInEndpoint()
  getConsoleRoutes(): object {
    return this.console.routes();
  }
}
