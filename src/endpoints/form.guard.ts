import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { InvalidRequestError } from '../errors.js';
import { BODY_FAULTS, isForm } from './request-body.js';

/** Refuses whatever is not a form, before what is wrong with it otherwise. @see RFC 6749 section 3.2 */
@Injectable()
export class FormGuard implements CanActivate {
  /** @throws InvalidRequestError */
  canActivate(context: ExecutionContext): true {
    const { headers } = rawRequest(context.switchToHttp().getRequest<AnyRequest>());
    if (!isForm(headers)) throw new InvalidRequestError(BODY_FAULTS.notForm);
    return true;
  }
}
