import { readFileSync } from 'node:fs';
import { holds, same, test } from '../kit.mjs';

// The payloads of tests/it/access/scripts.rs, in Chromium: none runs, none is even blocked by the content policy, because
// none is more than text.
function payloads() {
  const text = readFileSync(new URL('../../it/access/scripts.rs', import.meta.url), 'utf8');
  const bodies = [...text.split('let bodies = [')[1].split('];')[0].matchAll(/^\s*"((?:[^"\\]|\\.)*)",$/gm)].map((m) => JSON.parse(`"${m[1]}"`));
  const around = [['', ''], ['"><', ''], ["'", "'"], ['</textarea>', ''], ['</title></script>', '-->']];
  return around.flatMap(([before, after]) => bodies.map((body) => `${before}${body}${after}`.replaceAll('MARK()', 'alert(1)')));
}

test('what came from outside never runs as a script', async ({ page, url, signIn }) => {
  const all = payloads();
  same(all.length, 120, 'payloads');
  await signIn('registry_manager');
  await page.addInitScript(() => {
    globalThis.blocked = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.blocked.push(event.violatedDirective));
  });
  await page.goto(`${url}/patients/1`);
  const link = await page.locator('main a[href^="/cases/"]').first().getAttribute('href');
  const abstract = link.match(/\/cases\/\d+/)[0];
  const pages = [
    `${abstract}/text`, `${abstract}/items?filled=no`, `${abstract}/items/2520`, `${abstract}/items/2680`, `${abstract}/source`,
    '/patients/1', '/patients/1/correct', '/follow-up/1', '/', '/follow-up?list=all',
  ];
  for (let from = 0; from < all.length; from += 30) {
    const text = all.slice(from, from + 30).join('\n');
    for (const item of [2520, 2680, 2570, 2240]) {
      await page.goto(`${url}${abstract}/text`);
      const versions = await page.evaluate(() => ['seen', 'seen_patient'].map((name) => document.querySelector(`[name=${name}]`).value));
      const value = item === 2240 ? all[from].slice(0, 40) : text;
      const status = await page.evaluate(async ({ path, seen, patient, value }) => {
        const csrf = document.querySelector('meta[name=csrf]').content;
        const body = new URLSearchParams({ csrf, seen, seen_patient: patient, value });
        return (await fetch(path, { method: 'POST', body, headers: { accept: 'application/json' } })).status;
      }, { path: `${abstract}/items/${item}`, seen: versions[0], patient: versions[1], value });
      holds(status === 200 || status === 404 || status === 422, `item ${item} is saved: ${status}`);
    }
    let met = 0;
    for (const path of pages) {
      await page.goto(`${url}${path}`);
      if ((await page.content()).includes('alert(1)')) met += 1;
      same((await page.evaluate(() => globalThis.blocked)).join(), '', `blocked by the content policy on ${path}`);
    }
    holds(met >= 3, `the payloads are on the pages: ${met}`);
  }
});
