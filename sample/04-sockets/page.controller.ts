import { Controller, Get, Header } from '@nestjs/common';
import { PAGE } from './page.js';

@Controller()
export class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page() {
    return PAGE;
  }
}
