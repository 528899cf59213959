import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { holds, same, test } from '../kit.mjs';

// From what is waiting to the correction of what was rejected; the second person signs.
test('a batch goes through the gate, is signed by a second person, downloaded, answered and corrected', async ({ page, context, url, signIn, shot, accessible, folder }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/submissions`);
  await accessible();
  await shot('submissions');
  await page.click('a.who[href="/submissions/state-central"]');
  await page.locator('nav.stats').waitFor();
  await accessible();
  await shot('recipient');

  // The gate holds cases back; a link leads to the item.
  await page.click('.page-head button.main');
  await page.waitForURL('**/submissions/batches/*');
  await page.locator('ul.gate li').first().waitFor({ timeout: 60_000 });
  same(await page.locator('ul.gate li').count(), 10, 'the checks of the gate');
  await accessible();
  await shot('batch-gate');
  const jump = page.locator('table a.bad').first();
  await jump.waitFor();
  const gate = page.url();
  const href = await jump.getAttribute('href');
  await jump.click();
  await page.waitForURL('**/cases/**');
  const item = href.split('#')[1];
  if (item) holds(await page.locator(`#${item}`).count() === 1, `the page of the case has no item ${item}`);
  await shot('batch-jump');
  await page.goto(gate);
  await page.click('button[value=discard]');
  await page.locator('.chip', { hasText: 'Discarded' }).waitFor();

  // A hand-over needs a second person.
  await page.goto(`${url}/submissions/researcher`);
  await page.click('.page-head button.main');
  await page.locator('button[value=make]').waitFor({ timeout: 60_000 });
  await page.click('button[value=make]');
  await page.getByText('A second person must sign').waitFor({ timeout: 60_000 });
  const batch = page.url();
  await signIn('submitter');
  await page.goto(batch);
  await page.click('button[value=sign]');
  const file = page.locator('a.btn[href*="/files/1"]');
  await file.waitFor({ timeout: 60_000 });
  await shot('batch-sent');
  const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
  const xml = gunzipSync(readFileSync(await download.path())).toString();
  holds(xml.includes('recordType="I"') && !xml.includes('nameLast'), 'a file of type I holds no name');

  // The recipient rejects one case.
  const tumor = /<Tumor>[\s\S]*?<\/Tumor>/.exec(xml)[0];
  const of = (id) => new RegExp(`naaccrId="${id}">([^<]*)<`).exec(tumor)?.[1] ?? '';
  const answer = join(folder, 'answer.csv');
  writeFileSync(answer, `Acc No,Seq,Status,Reason\n${of('accessionNumberHosp')},${of('sequenceNumberHospital')},Rejected,county unknown\n`);
  await page.setInputFiles('#file', answer);
  await page.check('#rest');
  await page.click('form[enctype] button.main');
  await page.waitForURL('**verdict=rejected');
  same(await page.locator('table.list tbody tr').count(), 1, 'rejected cases');
  holds((await page.locator('table.list').textContent()).includes('county unknown'), 'the reason stands beside the case');
  await accessible();
  await shot('batch-answered');
  await page.click('button:has-text("Correction of this batch")');
  await page.waitForURL((to) => to.pathname.startsWith('/submissions/batches/') && to.href !== page.url().split('?')[0] && !to.search);
  await page.locator('a', { hasText: /^B-\d+$/ }).first().waitFor();
  await shot('batch-correction');
});
