import { holds, same, test } from '../kit.mjs';

// A registrar's way: find a patient by a misspelt name, change an item, see its life, meet a stale save, make a file.
test('an abstract is found by a misspelt name, changed, and its life is shown', async ({ page, url, shot, signIn, context }) => {
  await signIn('registry_manager');
  await shot('home');
  await page.goto(`${url}/patients/1`);
  const name = (await page.locator('h1').innerText()).trim();
  await shot('patient');

  // The last name with two neighbouring letters in each other's place.
  const last = name.split(',')[0];
  const given = name.split(',')[1].trim().split(' ')[0];
  const at = Math.max(1, Math.floor(last.length / 2) - 1);
  const misspelt = last.slice(0, at) + last[at + 1] + last[at] + last.slice(at + 2);
  await page.goto(`${url}/patients`);
  await page.locator('main input[type=text], main input[type=search]').first().fill(`${misspelt}, ${given}`);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/patients\/found\//);
  await shot('patients');
  holds((await page.locator('main').innerText()).includes(last), `${misspelt} finds ${last}`);

  await page.goto(`${url}/cases/1/identification`);
  await page.locator('#i400').waitFor();
  await shot('abstract-identification');
  const before = await page.inputValue('#i400');
  const after = before === 'C679' ? 'C678' : 'C679';
  await page.fill('#i400', after);
  await page.locator('#i522').focus();
  await page.waitForFunction(() => /^Saved \d/.test(document.getElementById('saved').textContent));
  same(await page.locator('[data-item=primarySite] .src').innerText(), 'typed', 'where the value came from');

  // A second tab still holds the old version: its save is refused, both values side by side.
  const second = await context.newPage();
  await second.goto(`${url}/cases/1/identification`);
  await page.fill('#i400', before);
  await page.locator('#i522').focus();
  await page.waitForFunction(() => document.querySelector('[data-item=primarySite] .meaning').textContent !== '');
  await page.waitForTimeout(600);
  await second.fill('#i400', 'C199');
  await second.locator('#i522').focus();
  await second.locator('#conflict[open]').waitFor();
  await second.screenshot({ path: 'shots/conflict.png' }).catch(() => {});
  await second.click('#conflict-mine');
  await second.waitForFunction(() => /^Saved \d/.test(document.getElementById('saved').textContent));
  await second.close();

  await page.goto(`${url}/cases/1/items/400`);
  const rows = await page.locator('tbody tr').count();
  holds(rows >= 3, `the life of the item has its ${rows} values`);
  await shot('item-life');
  await page.goto(`${url}/cases/1/source`);
  await shot('source');
});

test('F4 opens the codes of an item and Enter takes one', async ({ page, url, signIn }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/cases/2/identification`);
  await page.locator('#i410').focus();
  await page.keyboard.press('F4');
  await page.locator('#codes li').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  holds(await page.locator('#codes').isHidden(), 'Escape closes the codes');
});

test('a file for the state is made and signed for', async ({ page, url, shot, signIn }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/submissions/file`);
  await shot('submissions');
  for (const [field, text] of [['recipient', 'State registry'], ['purpose', 'Monthly file']]) {
    const box = page.locator(`[name=${field}]`);
    if (await box.count()) await box.fill(text);
  }
  await page.locator('main button[type=submit]').last().click();
  await page.waitForURL(/\/jobs/);
  await page.locator('text=/Done|Download/').first().waitFor({ timeout: 60_000 });
  await shot('job');
});

test('the abstract is free of serious accessibility faults', async ({ page, url, signIn, accessible }) => {
  await signIn('registry_manager');
  for (const path of ['/cases/1/stage', '/cases/1/text', '/patients/1', '/cases/1/items', '/cases/1/items/400']) {
    await page.goto(`${url}${path}`);
    await accessible();
  }
});
