// Runs every spec under specs/ in Chromium against one real server with a fresh demo registry, one browser context
// a test. Prints a line a test and at the end `N passed, N failed, N skipped`.

import { readdirSync } from 'node:fs';
import { findChromium, openBrowser, startServer, tests, visit } from './kit.mjs';

const words = process.argv.slice(2);
const files = readdirSync(new URL('specs/', import.meta.url)).filter((name) => name.endsWith('.mjs')).sort();
for (const file of files) {
  const before = tests.length;
  await import(new URL(`specs/${file}`, import.meta.url));
  for (const test of tests.slice(before)) test.file = file;
}
const chosen = tests.filter((test) => words.length === 0 || words.some((word) => `${test.file} ${test.name}`.includes(word)));

let passed = 0;
let failed = 0;
let skipped = 0;

if (!findChromium()) {
  console.log('skipped: browser: Chromium is not installed (Debian: apt-get install chromium)');
  skipped = chosen.length;
} else {
  const server = await startServer();
  const browser = await openBrowser();
  try {
    for (const test of chosen) {
      const began = Date.now();
      try {
        await visit(browser, server, test);
        passed += 1;
        console.log(`ok      ${test.file}: ${test.name} (${Date.now() - began} ms)`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED  ${test.file}: ${test.name}\n${error.stack ?? error}`);
      }
    }
    if (failed > 0) console.log(`the server printed:\n${server.printed().slice(-4000)}`);
  } finally {
    await browser.close();
    await server.stop();
  }
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || (skipped > 0 && process.env.CI === 'true') ? 1 : 0);
