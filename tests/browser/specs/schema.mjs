import { holds, same, test } from '../kit.mjs';

// The first abstract of the demo registry whose rail names this schema of EOD.
async function caseOf(page, url, schema) {
  for (let id = 1; id <= 200; id += 1) {
    const answer = await page.request.get(`${url}/cases/${id}/stage`);
    if (!answer.ok()) continue;
    if ((await answer.text()).includes(`<b>${schema}</b>, EOD`)) return id;
  }
  throw new Error(`no case of ${schema} in the demo registry`);
}

const saved = (page) => page.waitForFunction(() => /^Saved \d/.test(document.getElementById('saved').textContent));
const labels = (page) => page.locator('.field label').allInnerTexts();

test('a breast case moved to C61.9 gets another form, its values kept or shown as left over', async ({ page, url, shot, signIn, accessible }) => {
  await signIn('registry_manager');
  const id = await caseOf(page, url, 'Breast');
  await page.goto(`${url}/cases/${id}/stage`);
  const before = await labels(page);
  holds(before.some((label) => label.includes('Estrogen Receptor Summary')), `a breast form asks for the estrogen receptor: ${before}`);
  holds(!before.some((label) => label.includes('Psa')), 'a breast form does not ask for PSA');
  await page.fill('#i3827', '1');
  await page.locator('#i772').focus();
  await saved(page);
  const kept = await page.inputValue('#i772');
  await shot('schema-breast');
  await accessible();

  // A derived value follows at once, with its reason: distant metastases make the stage distant.
  await page.fill('#i776', '70');
  await page.locator('#i774').focus();
  await page.waitForFunction(() => document.getElementById('i762').value === '7');
  same(await page.locator('[data-item=derivedSummaryStage2018] .src').innerText(), 'derived', 'where the stage comes from');
  holds(await page.locator('[data-item=derivedSummaryStage2018] .field-says').innerText(), 'the derived stage tells its reason');
  same(await page.evaluate(() => document.activeElement.id), 'i774', 'the cursor stays where it was');

  await page.goto(`${url}/cases/${id}/identification`);
  await page.fill('#i400', 'C619');
  await page.locator('#i522').focus();
  await saved(page);
  await page.fill('#i522', '8140');
  await page.locator('#i410').focus();
  await page.waitForFunction(() => /Prostate[^]*C619, 8140/.test(document.getElementById('rules').textContent));

  await page.goto(`${url}/cases/${id}/stage`);
  const after = await labels(page);
  same(await page.inputValue('#i3800'), '00580', 'the schema id');
  holds(after.some((label) => /PSA/i.test(label)), `a prostate form asks for PSA: ${after}`);
  same(await page.inputValue('#i772'), kept, 'the primary tumor, which both forms ask for');
  same(await page.inputValue('#i3827'), '1', 'the estrogen receptor, which only the breast form asks for');
  holds(await page.locator('[data-item=estrogenReceptorSummary].is-orphan').count(), 'the estrogen receptor is shown as left over');
  holds((await page.locator('.group h3').allInnerTexts()).includes('Not of this schema'), 'left-over values stand in a group of their own');
  await shot('schema-prostate');
  await page.locator('.is-orphan').first().scrollIntoViewIfNeeded();
  await shot('schema-prostate-left-over');
  await page.goto(`${url}/cases/${id}/derivation`);
  await shot('derivation');
  await accessible();
});

test('histology is found by the words of the report', async ({ page, url, shot, signIn }) => {
  await signIn('registry_manager');
  const id = await caseOf(page, url, 'Breast');
  await page.goto(`${url}/cases/${id}/identification`);
  const before = await page.inputValue('#i522');
  await page.locator('#i522').focus();
  await page.keyboard.type('inf duct ca');
  await page.locator('#codes li b', { hasText: '8500/3' }).waitFor();
  same(await page.locator('#codes li b').first().innerText(), '8500/3', 'the first code found');
  await shot('code-search');
  await page.keyboard.press('Escape');
  same(await page.inputValue('#i522'), before, 'Escape leaves the code as it was');
});

test('the codes of an item of the schema say what they derive', async ({ page, url, shot, signIn }) => {
  await signIn('registry_manager');
  const id = await caseOf(page, url, 'Breast');
  await page.goto(`${url}/cases/${id}/stage`);
  await page.locator('#i772').focus();
  await page.keyboard.press('F4');
  await page.locator('#codes li').first().waitFor();
  holds((await page.locator('#codes').innerText()).includes('SS2018 T'), 'a code shows what it derives');
  await shot('schema-codes');
});
