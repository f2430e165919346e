import { Controller, Get, Header } from '@nestjs/common';
import { Public } from 'nestjs-fastauth';

/** No script sees a token: the browser keeps them, and sends them by itself. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Cookies</title>
<form id="login"><input id="user" value="ada"><input id="password" type="password"><button>Log in</button></form>
<button id="me">Who am I?</button> <button id="refresh">Refresh</button> <button id="logout">Log out</button>
<pre id="log"></pre>
<script type="module">
const field = (id) => document.getElementById(id);
async function call(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  field('log').textContent += answer.status + ' ' + (await answer.text()) + '\\n';
}
field('login').addEventListener('submit', (event) => {
  event.preventDefault();
  void call('POST', '/login', { user: field('user').value, password: field('password').value });
});
field('me').addEventListener('click', () => call('GET', '/me'));
field('refresh').addEventListener('click', () => call('POST', '/auth/token/refresh'));
field('logout').addEventListener('click', () => call('POST', '/logout'));
</script>
`;

@Public()
@Controller()
export class PageController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }
}
