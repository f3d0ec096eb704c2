/** How the page is built, served while developing, and tested. The hub embeds what lands in `dist/`. */
import { defineConfig } from 'vitest/config';

/** The hub that the dev server hands `/ws` to: `HOLDFAST_HUB=http://127.0.0.1:8080 npm run dev`. */
const hub = process.env['HOLDFAST_HUB'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // The hub's CSP allows no data: URLs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', proxy: { '/ws': { target: hub, ws: true } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
