import { Controller, Delete, Get, HttpCode, Patch, Post, Put } from '@nestjs/common';
import { AccessOnly, AnyOf, Fresh, MasterOnly, OptionalAccess, Public, Scopes } from '../../src/index.js';

/** One way to be admitted, in plain data: what the routes below are said to ask, in words of the test's own. */
export interface Way {
  readonly master?: true;
  readonly scopes?: readonly string[];
  /** Seconds. */
  readonly maxAge?: number;
  /** Whether an access token is needed for this way, scopes or not. */
  readonly access?: true;
}

export interface ScopedRoute {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** None: open. */
  readonly ways: readonly Way[];
  /** Whether an access token that is sent must be good, though none is needed. */
  readonly checksSent?: true;
}

export const RULES = {
  masterTokenPaths: ['/rules/master'],
  accessTokenPaths: [
    { path: '/rules', methods: ['POST'], scopes: ['b'] },
    { path: '/rules/*/secret', scopes: ['c'] },
    { path: '/rules/read', methods: ['GET'], scopes: ['a'] },
    '/rules/plain',
  ],
};

@Controller('methods')
class MethodsController {
  @Get('open') open() {}
  @Public() @Get('public') public() {}
  @AccessOnly() @Get('access') access() {}
  @MasterOnly() @Get('master') master() {}
  @AccessOnly() @MasterOnly() @Get('both') both() {}
  @Scopes('a') @Get('a') a() {}
  @Scopes('a', 'b') @Get('a-b') aAndB() {}
  @Scopes('a') @Scopes('b') @Get('a-then-b') aThenB() {}
  @MasterOnly() @Scopes('a') @Get('master-a') masterAndA() {}
  @AnyOf(AccessOnly(), MasterOnly()) @Get('either') either() {}
  @AnyOf(MasterOnly(), Scopes('a')) @Get('master-or-a') masterOrA() {}
  @AnyOf(Scopes('a'), Scopes('b')) @Get('a-or-b') aOrB() {}
  @AnyOf(Scopes('a', 'b'), Scopes('c')) @Get('a-b-or-c') aAndBOrC() {}
  @AnyOf(MasterOnly(), Scopes('a')) @Scopes('b') @Get('master-or-a-and-b') anyAndB() {}
  @AnyOf(MasterOnly(), Fresh(60)) @Get('master-or-fresh') masterOrFresh() {}
  @Fresh(60) @Get('fresh') fresh() {}
  @Fresh(60) @Scopes('a') @Get('fresh-a') freshA() {}
  @OptionalAccess() @Get('optional') optional() {}
}

@Scopes('a')
@Controller('class')
class ClassController {
  @Get() inherited() {}
  @HttpCode(200) @Post() @Scopes('a', 'b') more() {}
  @Put() @Public() open() {}
  @Patch() @AccessOnly() less() {}
  @Delete() @MasterOnly() other() {}
  @Get('optional') @OptionalAccess() optional() {}
}

@MasterOnly()
@Controller('operators')
class OperatorsController {
  @Get() inherited() {}
  @Get('scoped') @Scopes('c') scoped() {}
}

class Base {
  @Scopes('a') kept() {}
  @Scopes('a') replaced() {}
  @Scopes('a') @Get('inherited') inherited() {}
}

@Controller('derived')
class DerivedController extends Base {
  @Get('kept') override kept() {}
  @Get('replaced') @Scopes('b') override replaced() {}
}

@Controller('rules')
class RulesController {
  @Get('x') read() {}
  @HttpCode(200) @Post('x') write() {}
  @HttpCode(200) @Post('scoped') @Scopes('a') scoped() {}
  @Get('scoped') @Scopes('a') readScoped() {}
  @HttpCode(200) @Post('public') @Public() public() {}
  @HttpCode(200) @Post('any') @AnyOf(MasterOnly(), Scopes('a')) any() {}
  @HttpCode(200) @Post('fresh') @Fresh(60) fresh() {}
  @Put('master') @Scopes('a') master() {}
  @HttpCode(200) @Post('master') masterAndRule() {}
  @Get(':id/secret') secret() {}
  @HttpCode(200) @Post(':id/secret') writeSecret() {}
  @Get('read') readRule() {}
  @Delete('plain') @MasterOnly() plain() {}
}

export const SCOPED_CONTROLLERS = [
  MethodsController,
  ClassController,
  OperatorsController,
  DerivedController,
  RulesController,
];

const access: Way = { access: true };
const master: Way = { master: true };
const of = (...scopes: string[]): Way => ({ access: true, scopes });
const get = (path: string, ...ways: Way[]): ScopedRoute => ({ method: 'GET', path, ways });
const call = (method: ScopedRoute['method'], path: string, ...ways: Way[]): ScopedRoute => ({
  method,
  path,
  ways,
});

export const SCOPED_ROUTES: readonly ScopedRoute[] = [
  get('/methods/open'),
  get('/methods/public'),
  get('/methods/access', access),
  get('/methods/master', master),
  get('/methods/both', { ...access, ...master }),
  get('/methods/a', of('a')),
  get('/methods/a-b', of('a', 'b')),
  get('/methods/a-then-b', of('a', 'b')),
  get('/methods/master-a', { ...master, ...of('a') }),
  get('/methods/either', access, master),
  get('/methods/master-or-a', master, of('a')),
  get('/methods/a-or-b', of('a'), of('b')),
  get('/methods/a-b-or-c', of('a', 'b'), of('c')),
  get('/methods/master-or-a-and-b', { ...master, ...of('b') }, of('a', 'b')),
  get('/methods/master-or-fresh', master, { ...access, maxAge: 60 }),
  get('/methods/fresh', { ...access, maxAge: 60 }),
  get('/methods/fresh-a', { ...of('a'), maxAge: 60 }),
  { ...get('/methods/optional'), checksSent: true },
  call('HEAD', '/methods/a', of('a')),
  get('/class', of('a')),
  call('POST', '/class', of('a', 'b')),
  call('PUT', '/class'),
  call('PATCH', '/class', access),
  call('DELETE', '/class', master),
  { ...get('/class/optional'), checksSent: true },
  get('/operators', master),
  get('/operators/scoped', of('c')),
  get('/derived/kept', of('a')),
  get('/derived/replaced', of('b')),
  get('/derived/inherited', of('a')),
  get('/rules/x'),
  call('POST', '/rules/x', of('b')),
  call('POST', '/RULES/x/', of('b')),
  call('POST', '/rules/scoped', of('a', 'b')),
  get('/rules/scoped', of('a')),
  call('POST', '/rules/public', of('b')),
  call('POST', '/rules/any', { ...master, ...of('b') }, of('a', 'b')),
  call('POST', '/rules/fresh', { ...of('b'), maxAge: 60 }),
  call('PUT', '/rules/master', { ...master, ...of('a') }),
  call('POST', '/rules/master', { ...master, ...of('b') }),
  get('/rules/7/secret', of('c')),
  call('POST', '/rules/7/secret', of('b', 'c')),
  get('/rules/read', of('a')),
  call('HEAD', '/rules/read', of('a')),
  call('DELETE', '/rules/plain', { ...access, ...master }),
];
