import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { denialBody, isDenial, type Denial } from '../../access/denial.js';
import { exposingChallenge } from '../../access/exposed-challenge.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { allowsOrigin, headersGiven, keepNeutralHeaders } from './answer-headers.js';

/** What becomes of an answer that somebody has begun: it goes as it is, without its body, or not at all. */
export type Verdict = 'as it is' | 'headers alone' | Denial;

/** How an answer begins. */
export interface Beginning {
  /** Whether it says which pages may read it, as one to a CORS preflight does. */
  readonly allowsOrigin: boolean;
  /** What {@link HeldAnswer.reach} was told last; undefined where nobody has. */
  readonly reached: { readonly by: unknown } | undefined;
}

export type Decide = (beginning: Beginning) => MaybePromise<Verdict>;

/** By these an answer begins, on Node's response of HTTP/1 and of HTTP/2. */
const BEGINNINGS = ['writeHead', 'writeHeader', 'write', 'end', 'flushHeaders'] as const;
/** These tell something before it. Nobody has to, so nobody is told while it is undecided who answers. */
const INTERIM = ['writeContinue', 'writeProcessing', 'writeEarlyHints', 'writeInformation'] as const;

type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;
type BeginningName = (typeof BEGINNINGS)[number];

const HELD = Symbol('fastauth:held answer');
type Carrier = ServerResponse & { [HELD]?: HeldAnswer | undefined };

/**
 * An answer that must not begin before it is known who gives it: whoever begins it first makes {@link Decide} be
 * asked. What is written to the connection itself (`response.socket`) is not seen here.
 */
export class HeldAnswer {
  private state: 'held' | 'asking' | 'free' | 'refused' = 'held';
  private readonly calls: { readonly name: BeginningName; readonly args: readonly unknown[] }[] = [];
  private readonly native: Methods = {};
  private reached: Beginning['reached'];
  /** That of an application around this one. */
  private readonly outer: HeldAnswer | undefined;

  /** What this application, told by the owner, holds of a response; undefined where it holds nothing. */
  static find(response: ServerResponse, owner: object): HeldAnswer | undefined {
    let held = (response as Carrier)[HELD];
    while (held && held.owner !== owner) held = held.outer;
    return held?.state === 'free' ? undefined : held;
  }

  /** @param owner which application's it is: in a process with two, one may be mounted into the other */
  static hold(
    response: ServerResponse,
    owner: object,
    decide: Decide,
    headersOf: (denial: Denial) => Record<string, string>,
  ): void {
    (response as Carrier)[HELD] = new HeldAnswer(response, owner, decide, headersOf);
  }

  private constructor(
    private readonly response: ServerResponse,
    private readonly owner: object,
    private readonly decide: Decide,
    private readonly headersOf: (denial: Denial) => Record<string, string>,
  ) {
    const methods = response as unknown as Methods;
    for (const name of BEGINNINGS) {
      const native = methods[name];
      if (!native) continue;
      this.native[name] = native;
      methods[name] = (...args: unknown[]) => this.called(name, args);
    }
    for (const name of INTERIM) {
      const native = methods[name];
      if (native) methods[name] = (...args: unknown[]) => this.toldBefore(native, args);
    }
    this.outer = (response as Carrier)[HELD];
  }

  /**
   * A handler is reached that this request may have, or that a guard of ours stands before: the answer will be the
   * handler's, or its guards', unless it hands the request on.
   * @param by changes when it does: on Express, each layer has parameters of its own
   */
  reach(by: unknown): void {
    this.reached = { by };
  }

  /** Lets it begin, whoever begins it. */
  release(): void {
    if (this.state === 'held') this.state = 'free';
  }

  private called(name: BeginningName, args: readonly unknown[]): unknown {
    if (this.state === 'free') return this.pass(name, args);
    if (this.state === 'refused') return this.swallow(name, args);
    this.calls.push({ name, args });
    if (this.state === 'held') this.ask(name === 'writeHead' || name === 'writeHeader' ? args : []);
    return this.answerOf(name);
  }

  private toldBefore(native: Method, args: readonly unknown[]): void {
    if (this.state === 'free') native.apply(this.response, [...args]);
    else callBack(args);
  }

  private ask(head: readonly unknown[]): void {
    const given = headersGiven(head);
    this.state = 'asking';
    try {
      const verdict = this.decide({
        allowsOrigin: allowsOrigin(this.response, given),
        reached: this.reached,
      });
      if (!(verdict instanceof Promise)) return this.conclude(verdict, head, given);
      this.pretend();
      verdict.then((settled) => this.conclude(settled, head, given)).catch(() => this.fail());
    } catch {
      this.fail();
    }
  }

  /** While it is undecided, whoever answers sees what he would see otherwise. */
  private pretend(): void {
    const hasEnded = (): boolean => this.calls.some(({ name }) => name === 'end');
    Object.defineProperty(this.response, 'headersSent', { configurable: true, get: () => true });
    Object.defineProperty(this.response, 'writableEnded', { configurable: true, get: hasEnded });
  }

  private conclude(
    verdict: Verdict,
    head: readonly unknown[],
    given: readonly [string, OutgoingHttpHeader][],
  ): void {
    this.stopPretending();
    if (verdict === 'as it is') return this.replay();
    if (isDenialVerdict(verdict)) return this.refuse(verdict, given);
    if (typeof head[0] === 'number') this.response.statusCode = head[0];
    keepNeutralHeaders(this.response, given);
    if (![204, 304].includes(this.response.statusCode)) this.response.setHeader('Content-Length', 0);
    this.finish();
  }

  private replay(): void {
    this.state = 'free';
    const { calls, response } = this;
    if (response.destroyed) return;
    for (const { name, args } of calls.splice(0)) this.pass(name, args);
    // Who has waited for it since a `write` was answered with "not yet".
    if (!response.writableNeedDrain && !response.writableEnded) response.emit('drain');
  }

  private refuse(denial: Denial, given: readonly [string, OutgoingHttpHeader][]): void {
    const { response } = this;
    const body = JSON.stringify(denialBody(denial));
    keepNeutralHeaders(response, given);
    response.statusCode = denial.status;
    const headers = exposingChallenge(this.headersOf(denial), (name) => response.getHeader(name));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(body));
    this.finish(body);
  }

  /** Nobody can tell whether it may be given. */
  private fail(): void {
    this.stopPretending();
    if (this.response.headersSent) return void this.response.destroy();
    keepNeutralHeaders(this.response, []);
    this.response.statusCode = 500;
    this.finish();
  }

  private finish(body?: string): void {
    const { response, calls } = this;
    if (response.statusMessage) response.statusMessage = '';
    this.state = 'free';
    this.pass('end', body === undefined ? [] : [body]);
    this.state = 'refused';
    for (const { name, args } of calls.splice(0)) this.swallow(name, args);
  }

  private stopPretending(): void {
    for (const name of ['headersSent', 'writableEnded']) Reflect.deleteProperty(this.response, name);
  }

  private pass(name: BeginningName, args: readonly unknown[]): unknown {
    return this.native[name]?.apply(this.response, [...args]);
  }

  private swallow(name: BeginningName, args: readonly unknown[]): unknown {
    if (name === 'write' || name === 'end') callBack(args);
    return this.answerOf(name);
  }

  /** What a caller hears: whoever writes is asked to wait while it is undecided. */
  private answerOf(name: BeginningName): unknown {
    if (name === 'write') return this.state !== 'asking';
    return name === 'flushHeaders' ? undefined : this.response;
  }
}

function isDenialVerdict(verdict: Verdict): verdict is Denial {
  return typeof verdict === 'object' && isDenial(verdict);
}

/** Whoever has handed in a callback waits for it, also where nothing was written. */
function callBack(args: readonly unknown[]): void {
  const last = args.at(-1);
  if (typeof last === 'function') process.nextTick(last as () => void);
}
