// The dock: a wrong value is told at once, its message leads to the item, a fix is taken and undone, another is over-ridden
// with a reason and falls when a reviewed value changes.

import { holds, same, test } from '../kit.mjs';

// Writes an item as leaving its box does, and says how long the server took to answer.
async function write(page, number, value) {
  const box = page.locator(`#i${number}`);
  if ((await box.inputValue()) === value) return 0;
  await box.fill(value);
  const answer = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().includes(`/items/${number}`));
  await box.blur();
  const response = await answer;
  same(response.status(), 200, `item ${number} is saved`);
  await page.waitForFunction(() => /^Saved/.test(document.getElementById('saved').textContent));
  return response.request().timing().responseEnd;
}

const message = (page, words) => page.locator('#dock li', { hasText: words });

test('a wrong laterality is told, fixed and undone; another message is over-ridden and the over-ride falls', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  let found = '';
  for (const kase of [1, 2, 3, 4, 5, 6]) {
    await page.goto(`${url}/cases/${kase}/identification`);
    if (await page.locator('#i410').count()) { found = kase; break; }
  }
  holds(found, 'a case with its laterality in the section is there');
  await write(page, 400, 'C342');
  await write(page, 522, '8140');
  await write(page, 523, '3');
  await write(page, 410, '1');
  // Wrong: the middle lobe is in the right lung.
  const took = await write(page, 410, '2');
  console.log(`  the answer with the message after ${took.toFixed(0)} ms`);
  holds(took < 100, `the message is there under 100 ms, not after ${took} ms`);
  const wrong = message(page, 'The middle lobe');
  await wrong.waitFor();
  // From the message to the item by key.
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press('F8');
    if (await page.evaluate(() => document.activeElement.id === 'i410')) break;
  }
  same(await page.evaluate(() => document.activeElement.id), 'i410', 'F8 leads to the laterality');
  await page.keyboard.press('Control+.');
  await page.locator('#edit-dialog[open] [data-fix="410"]').first().waitFor();
  await shot('edits-why');
  await accessible();
  // The first value that lets it pass has the focus: Enter takes it.
  await page.keyboard.press('Enter');
  await wrong.waitFor({ state: 'detached' });
  same(await page.inputValue('#i410'), '1', 'the fix is taken');
  await page.click('#undo');
  await wrong.waitFor();
  same(await page.inputValue('#i410'), '2', 'the fix is undone');
  await write(page, 410, '1');
  // An in situ tumor of a paired organ whose side is not known: right if the report says so.
  await write(page, 400, 'C504');
  await write(page, 522, '8500');
  await write(page, 523, '2');
  await write(page, 410, '9');
  const unsure = message(page, 'in situ').filter({ has: page.locator('a[href*="lat-insitu-unknown-side"]') });
  await unsure.waitFor();
  await unsure.locator('a[data-edit]').click();
  await page.locator('#edit-dialog[open] textarea').fill('short');
  await page.locator('#edit-dialog[open] [data-over-ride] button').click();
  holds(await page.locator('#edit-dialog[open]').count(), 'without a reason nothing is taken');
  await page.locator('#edit-dialog[open] textarea').fill('The report names no side; asked the surgeon, not known.');
  await shot('edits-over-ride');
  await page.keyboard.press('Control+Enter');
  await message(page, 'over-ridden by').waitFor();
  await shot('edits-over-ridden');
  // A reviewed value changes: the over-ride falls and the dock says so.
  await write(page, 410, '3');
  await message(page, 'the over-ride fell').waitFor();
  await shot('edits-fallen');
  await page.goto(`${url}/cases/${found}/items/2074`);
  holds((await page.textContent('main')).includes('the over-ride fell'), 'the life of the flag tells why it went');
});
