import { NotFoundException } from '@nestjs/common';
import { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import type { TokenRequest } from '../endpoints/token-request.js';
import { PAGE_FILES } from './page-files.js';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page of the console and its files. */
export class ConsolePage {
  /** Its files are named from where the browser sees it, whatever prefixes a proxy takes off. */
  page({ url }: TokenRequest): EndpointAnswer {
    const isFolder = pathOf(url).endsWith('/');
    const html = isFolder ? textOf('index.html').replaceAll('"console/', '"') : textOf('index.html');
    return answer('index.html', html);
  }

  file({ url }: TokenRequest): EndpointAnswer {
    const name =
      pathOf(url)
        .split('/')
        .findLast((segment) => segment !== '') ?? '';
    return answer(name, textOf(name));
  }
}

/** @throws NotFoundException a router has matched another spelling */
function textOf(name: string): string {
  const text = Object.hasOwn(PAGE_FILES, name) ? PAGE_FILES[name] : undefined;
  if (text === undefined) throw new NotFoundException();
  return text;
}

function answer(name: string, text: string): EndpointAnswer {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? '';
  return new EndpointAnswer(200, Buffer.from(text), { 'Content-Type': type });
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
