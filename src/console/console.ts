import type { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import type { TokenRequest } from '../endpoints/token-request.js';

/** Injection token of the {@link Console}; undefined where the setting `console` is off. */
export const CONSOLE = Symbol('CONSOLE');

/** What the console's endpoints do; loaded only where the console is on. */
export interface Console {
  readonly page: {
    page(request: TokenRequest): EndpointAnswer;
    file(request: TokenRequest): EndpointAnswer;
  };
  readonly access: {
    /** @throws UnauthorizedError | ForbiddenException */
    refusalOf(request: TokenRequest): EndpointAnswer | undefined;
    signIn(request: TokenRequest): Promise<EndpointAnswer>;
    signOut(request: TokenRequest): EndpointAnswer;
    state(request: TokenRequest): object;
  };
  readonly sessions: {
    list(request: TokenRequest): Promise<object>;
    end(request: TokenRequest): Promise<object>;
    endAll(request: TokenRequest): Promise<object>;
  };
  readonly clients: { list(request: TokenRequest): Promise<object> };
  readonly keys: { list(): Promise<object>; rotate(): Promise<object> };
  readonly events: { list(): object };
  routes(): object;
}
