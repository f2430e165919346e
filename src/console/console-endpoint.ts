import { applyDecorators } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { ChecksItself } from '../access/own-check.js';
import { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import { Endpoint } from '../endpoints/endpoint.js';
import type { Serve } from '../endpoints/endpoint-metadata.js';
import type { TokenRequest } from '../endpoints/token-request.js';
import { consoleAnswer, consoleError } from './console-answer.js';
import type { Console } from './console.js';

/** Whose methods these decorators mark. */
export interface ConsoleHolder {
  readonly console: Console;
}

type ConsoleServe = (this: ConsoleHolder, request: TokenRequest) => Promise<object> | object;

/** An endpoint of the console that answers only who has signed in, and pages of its own origin. */
export function SignedInEndpoint(): MethodDecorator {
  const serveSignedIn = consoleEndpoint((holder, request) => holder.console.access.refusalOf(request));
  return applyDecorators(ChecksItself('console cookie'), serveSignedIn);
}

/** An endpoint of the console that anybody may call. */
export function OpenEndpoint(): MethodDecorator {
  return consoleEndpoint(() => undefined);
}

type Check = (holder: ConsoleHolder, request: TokenRequest) => EndpointAnswer | undefined;

function consoleEndpoint(refusalOf: Check): MethodDecorator {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor) => {
    const serve = descriptor.value as ConsoleServe;
    const checked = async function (this: ConsoleHolder, request: TokenRequest): Promise<EndpointAnswer> {
      const served = refusalOf(this, request) ?? (await serve.call(this, request));
      return consoleAnswer(served instanceof EndpointAnswer ? served : new EndpointAnswer(200, served));
    };
    descriptor.value = checked as Serve;
    Endpoint(consoleError)(target, name, descriptor);
    Public()(target, name, descriptor);
  };
}
