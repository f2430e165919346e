import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { EndpointAnswer, sendAnswer } from './endpoint-answer.js';
import { answerToError, type ErrorForm } from './endpoint-error.js';

/** Sends every answer of an endpoint of ours, whoever refused or failed before it included. */
@Catch()
export class EndpointFilter implements ExceptionFilter {
  constructor(private readonly form: ErrorForm) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const answer = thrown instanceof EndpointAnswer ? thrown : answerToError(thrown, this.form);
    const headers = { 'Cache-Control': 'no-store', ...answer.headers };
    if (headers['Cache-Control'] === 'no-store') forgetConditions(http.getRequest<AnyRequest>());
    sendAnswer(http.getResponse(), new EndpointAnswer(answer.status, answer.body, headers));
  }
}

/** What is not kept has no condition to meet: a plugin that compares ETags would make it a 304, and lose its body. */
function forgetConditions(request: AnyRequest): void {
  const { headers } = rawRequest(request);
  delete headers['if-none-match'];
  delete headers['if-modified-since'];
}
