// VitePress resolves packages from where the pages are.
import { cpSync, rmSync } from 'node:fs';

rmSync('pages', { recursive: true, force: true });
cpSync('../docs', 'pages', { recursive: true });
