// Puts a `.br` and a `.gz` beside every file of `dist/` that gets smaller by it, for the hub to embed and serve.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.webmanifest']);
const INITIAL_BYTES_MAX = 70_000;

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

// What `index.html` names is loaded at once, the other parts when they are wanted.
const page = readFileSync(join(DIST, 'index.html'), 'utf8');
let initialBytes = 0;
let laterBytes = 0;
for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !COMPRESSIBLE.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = readFileSync(path);
  const packed = { '.br': brotli(plain), '.gz': gzipSync(plain, { level: 9 }) };
  for (const [suffix, bytes] of Object.entries(packed)) {
    if (bytes.length < plain.length) writeFileSync(path + suffix, bytes);
  }
  const counted = ['.js', '.css'].includes(extname(path)) ? Math.min(plain.length, packed['.gz'].length) : 0;
  if (page.includes(`/${entry.name}"`)) initialBytes += counted;
  else laterBytes += counted;
}

console.log(`script and style: ${initialBytes} bytes in gzip at once, ${laterBytes} when wanted`);
if (initialBytes > INITIAL_BYTES_MAX) {
  console.error(`more than the ${INITIAL_BYTES_MAX} bytes that a first visit may cost`);
  process.exit(1);
}
