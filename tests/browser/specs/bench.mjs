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

test('what is missing is listed with jumps, an abstract waits and is opened again', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/cases/5/complete`);
  await accessible();
  await page.fill('#rw', 'a late report came in');
  await page.getByRole('button', { name: 'Open it again' }).click();
  await page.waitForURL('**/cases/5/complete');
  await page.goto(`${url}/cases/5/text`);
  await page.fill('#i2580', '');
  await page.press('#i2580', 'Tab');
  await saved(page);
  await page.goto(`${url}/cases/5/complete`);
  await page.locator('td a.who', { hasText: 'Primary Site Title' }).first().waitFor();
  await page.keyboard.press('Control+Enter');
  await page.locator('.errors[role=alert]').waitFor();
  holds(/cannot be completed/.test(await page.locator('.errors').textContent()), 'an abstract with an empty required item is refused');
  await page.selectOption('#reason', 'treatment');
  await page.fill('#treatment_end', 't+30');
  await page.fill('#recheck', 't+14');
  await page.getByRole('button', { name: 'Let it wait' }).click();
  await page.locator('text=look again').first().waitFor();
  await accessible();
  await shot('bench-complete');
  await page.goto(`${url}/waiting`);
  await accessible();
  same(await page.locator('tbody tr a.who').count(), 1, 'waiting abstracts');
  await shot('bench-waiting');
  await page.locator('tbody a.who').first().click();
  await page.getByRole('button', { name: 'Go on with it' }).click();
  await page.locator('h2', { hasText: 'Let it wait' }).waitFor();
  await page.locator('td a.who', { hasText: 'Primary Site Title' }).first().click();
  await page.waitForURL('**/text#i2580');
});
