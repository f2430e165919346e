import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { CORRELATION_HEADER } from '../access/denial.js';
import { rawRequest, type AnyRequest, type RawRequest } from '../access/request-access.js';
import { type AnsweredHeaders, correlationIdOfRequest } from '../events/correlation-id.js';
import { EndpointAnswer, sendAnswer } from './endpoint-answer.js';
import { answerToError, type ErrorForm } from './endpoint-error.js';

/** Sends every answer of an endpoint of ours, whoever refused or failed before it included. */
@Catch()
export class EndpointFilter implements ExceptionFilter {
  constructor(private readonly form: ErrorForm) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const answer = thrown instanceof EndpointAnswer ? thrown : answerToError(thrown, this.form);
    const request = rawRequest(http.getRequest<AnyRequest>());
    const response = http.getResponse<AnsweredHeaders>();
    const headers = {
      'Cache-Control': 'no-store',
      ...(answer.status >= 400 && { [CORRELATION_HEADER]: correlationIdOfRequest(request, response) }),
      ...answer.headers,
    };
    if (headers['Cache-Control'] === 'no-store') forgetConditions(request);
    sendAnswer(response, new EndpointAnswer(answer.status, answer.body, headers, answer.cookies));
  }
}

/** What is not kept has no condition to meet: a plugin that compares ETags would make it a 304, and lose its body. */
function forgetConditions({ headers }: RawRequest): void {
  delete headers['if-none-match'];
  delete headers['if-modified-since'];
}
