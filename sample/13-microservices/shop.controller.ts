import { Controller, Get, HttpCode, HttpException, Inject, Param, Post, Req } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';
import { AccessOnly } from 'nestjs-fastauth';
import { catchError, type Observable } from 'rxjs';

/** What of a request is used here, on Express and Fastify alike. */
interface SentRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Before the microservice: passes on the token of whoever calls it, which is asked for its scopes there. */
@AccessOnly()
@Controller('orders')
export class ShopController {
  constructor(@Inject('ORDERS') private readonly orders: ClientProxy) {}

  @Get(':id')
  find(@Param('id') id: string, @Req() { headers }: SentRequest): Observable<object> {
    const message = { id, token: headers['access-token'] };
    return this.orders.send<object>('orders.find', message).pipe(catchError(answerRefusal));
  }

  /** Answers at once. An event that is refused is dropped, and audited. */
  @Post(':id')
  @HttpCode(202)
  change(@Param('id') id: string, @Req() { headers }: SentRequest): { accepted: true } {
    this.orders.emit('orders.changed', { id, token: headers['access-token'] });
    return { accepted: true };
  }
}

function answerRefusal(refusal: { readonly code?: string; readonly message: string }): never {
  const { code, message } = refusal;
  if (code === undefined) throw new HttpException(message, 502);
  throw new HttpException({ detail: message, code }, code === 'insufficient_scope' ? 403 : 401);
}
