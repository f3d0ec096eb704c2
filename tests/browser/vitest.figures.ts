/** What is measured in a real browser: not part of the tests, run by `make bench`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['figures/*.figures.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
