import { type AnsweredHeaders, correlationIdOfRequest } from '../events/correlation-id.js';
import type { AddressSource } from '../limits/client-address.js';
import type { Call } from './call.js';
import { type CookieSource, readCredentials, type Sent } from './credentials.js';
import type { RawRequest } from './request-access.js';
import type { RequestLine } from './request-line.js';

/** A request of HTTP, and everything of it read when it is asked for. */
export class RequestCall implements Call {
  readonly transport = 'http';

  /** @param answer what is known of the answer already, such as an identifier that the application has given */
  constructor(
    readonly carrier: RawRequest,
    private readonly cookie?: CookieSource,
    private readonly answer?: AnsweredHeaders,
  ) {}

  get sent(): Sent {
    return readCredentials(this.carrier, undefined, this.cookie);
  }

  get from(): AddressSource {
    return this.carrier;
  }

  get line(): RequestLine {
    return this.carrier;
  }

  get correlationId(): string {
    return correlationIdOfRequest(this.carrier, this.answer);
  }

  get connection(): object | undefined {
    return this.carrier.socket;
  }
}
