import { holds, same, test } from '../kit.mjs';

// The workbench by keyboard: codes by words of the report, dates in any form, what others do, servers that die.
const saved = (page) => page.waitForFunction(() => /^(Saved|Put)/.test(document.querySelector('#saved').textContent.trim()));

test('codes are found by two or three letters, dates in any form, and nothing needs a mouse', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/cases/3/identification`);
  await shot('bench-identification');
  await accessible();
  // The text of the report orders the codes.
  await page.evaluate(() => document.querySelector('#i390').focus());
  await page.keyboard.type('3/5/25');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#i390').value === '20250305');
  await page.focus('#i390');
  await page.keyboard.type('mar 2025');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#i390').value === '202503');
  await page.focus('#i400');
  await page.keyboard.type('uoq');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#i400').value === 'C504');
  await page.focus('#i410');
  await page.keyboard.type('le');
  await page.locator('#codes:not([hidden])').waitFor();
  await shot('bench-codes');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#i410').value === '2');
  await page.focus('#i522');
  await page.keyboard.type('infil duct');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#i522').value === '8500' && document.querySelector('#i523').value === '3');
  await shot('bench-filled');
  for (const section of ['accession', 'patient', 'stage', 'treatment', 'follow-up']) {
    await page.goto(`${url}/cases/3/${section}`);
    await accessible();
    await shot(`bench-${section}`);
  }
});

test('two people in one abstract: both changes are kept, the same item is shown side by side', async ({ page, context, url, signIn, shot }) => {
  await signIn('registry_manager');
  const section = `${url}/cases/4/identification`;
  await page.goto(section);
  const other = await context.newPage();
  await other.goto(section);
  await page.fill('#i490', '1');
  await page.press('#i490', 'Enter');
  await saved(page);
  await other.fill('#i410', '9');
  await other.press('#i410', 'Enter');
  await saved(other);
  await page.goto(section);
  same(await page.inputValue('#i490'), '1', 'the first change');
  same(await page.inputValue('#i410'), '9', 'the second change');
  await page.fill('#i490', '2');
  await page.press('#i490', 'Enter');
  await saved(page);
  await other.evaluate(() => { document.querySelector('#i490').value = '4'; document.querySelector('#i490').focus(); });
  await other.keyboard.press('Enter');
  await other.locator('#conflict[open]').waitFor();
  const rows = await other.locator('#conflict-rows').textContent();
  holds(rows.includes('2') && rows.includes('4'), `both values stand side by side: ${rows}`);
  await other.screenshot({ path: new URL('../shots/bench-conflict.png', import.meta.url).pathname });
  await other.click('#conflict-mine');
  await saved(other);
  await other.close();
});
