// A researcher from the filters to the files: sees no name, and gets a de-identified table.

import { readFileSync } from 'node:fs';
import { holds, same, test } from '../kit.mjs';

test('a researcher makes a de-identified extract', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('researcher');
  await page.goto(`${url}/research`);
  await page.click('text=New extract');
  await shot('extract-empty');
  const before = await page.textContent('[data-tumors]');
  await page.fill('#site', 'C50');
  await page.press('#site', 'Tab');
  await page.waitForFunction((was) => document.querySelector('[data-tumors]').textContent !== was, before);
  await page.fill('#years', '2019-2024');
  await page.press('#years', 'Tab');
  await page.fill('#study', 'Breast subtypes and place');
  await page.fill('#recipient', 'State University');
  await page.fill('#purpose', 'Stage at diagnosis by place');
  await page.click('text=Count again');
  await shot('extract');
  await accessible();
  holds((await page.textContent('.picker')).includes('not at this level'), 'what the level makes of an item stands beside it');
  await page.click('input[name=level][value=limited]');
  await page.waitForSelector('#county');
  await shot('extract-limited');
  await page.click('input[name=level][value=deidentified]');
  await page.waitForSelector('text=in a limited data set only');
  await page.fill('[data-find]', '390');
  same(await page.locator('.picker label:visible').count(), 1, 'an item is found by its number');
  await page.fill('[data-find]', '');
  await page.click('button:has-text("Make extract")');
  await page.waitForURL(/\/research\/extracts\/\d+$/);
  await page.waitForSelector('text=Keep the table', { timeout: 30_000 });
  await shot('extract-made');
  await accessible();
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Keep the table')]);
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  holds(lines.length > 1 && lines[0].startsWith('studyPatient,studyTumor,patientIdNumber'), lines[0]);
  holds(lines.slice(1).every((line) => line.includes('C50')), 'only the site that was asked for');
  await page.goto(`${url}/research`);
  await shot('research');
  await accessible();
});
