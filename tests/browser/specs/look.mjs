import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { holds, same, test } from '../kit.mjs';

const FILE = `<?xml version="1.0"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml" recordType="A" specificationVersion="1.8" xmlns="http://naaccr.org/naaccrxml">
${[1, 2, 3, 4].map((n) => `<Patient>
  <Item naaccrId="patientIdNumber">${n}</Item><Item naaccrId="nameLast"> Example</Item><Item naaccrId="sex">3</Item>
  <Tumor><Item naaccrId="primarySite">C509x</Item><Item naaccrId="laterality">7</Item><Item naaccrId="dateOfDiagnosis">20230230</Item></Tumor>
</Patient>`).join('\n')}
</NaaccrData>
`;

// A file is chosen, its problems are looked into, it is written in another version with repairs and kept.
test('a file is looked at, its problems opened, and it is written anew with repairs', async ({ page, url, shot, signIn }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/look`);
  const path = join(mkdtempSync(join(tmpdir(), 'look-')), 'sample.xml');
  writeFileSync(path, FILE);
  await page.setInputFiles('#file', path);
  await shot('look');
  await page.click('main form button[type=submit]');
  await page.waitForURL(/\/look\/\d+/);
  await page.locator('#pr').waitFor({ timeout: 30000 });
  await shot('look-report');
  await page.locator('a', { hasText: 'leading space' }).first().click();
  await page.locator('#on').waitFor();
  same(await page.locator('section[aria-labelledby=on] tbody tr').count(), 4, 'problems of the kind');
  await page.selectOption('#version', '260');
  await page.check('#repair_pad');
  await page.check('#repair_trim');
  await shot('look-problems');
  await page.click('form[action$=convert] button[type=submit]');
  await page.locator('a', { hasText: 'Keep the file' }).waitFor({ timeout: 30000 });
  await shot('look-written');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Keep the file')]);
  holds(/^converted_A260_/.test(download.suggestedFilename()), download.suggestedFilename());
});
