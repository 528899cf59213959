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

// The same without a mouse or with nothing but one: dropped, pasted, or chosen by the keyboard.
test('a file is dropped, pasted or chosen, and Enter sends it', async ({ page, url, shot, signIn }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/look`);
  const give = (kind, names) => page.evaluate(([kind, names, text]) => {
    const carried = new DataTransfer();
    names.forEach((name) => carried.items.add(new File([text], name, { type: 'text/xml' })));
    const main = document.querySelector('main');
    if (kind === 'paste') {
      main.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: carried }));
      return true;
    }
    main.dispatchEvent(new DragEvent('dragenter', { bubbles: true, cancelable: true, dataTransfer: carried }));
    if (kind === 'over') return true;
    const dropped = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried });
    main.dispatchEvent(dropped);
    return dropped.defaultPrevented;
  }, [kind, names, FILE]);
  const said = () => page.locator('form[data-drop] output').textContent();

  await give('over', ['dropped.xml']);
  holds(await page.locator('form[data-drop].over').count() === 1, 'the form shows that it takes what hangs over the page');
  holds(await give('drop', ['one.xml', 'two.xml']), 'a drop never leaves the page');
  same(await said(), 'These are 2 files; drop one at a time.', 'two at once');
  await give('drop', ['dropped.xml']);
  holds((await said()).startsWith('dropped.xml, 1.'), await said());
  await shot('look-dropped');
  await give('paste', ['pasted.xml']);
  holds((await said()).startsWith('pasted.xml'), await said());

  // What is chosen is sent by Enter on the button.
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('#file')]);
  const path = join(mkdtempSync(join(tmpdir(), 'look-')), 'chosen.xml');
  writeFileSync(path, FILE);
  await chooser.setFiles(path);
  holds((await said()).startsWith('chosen.xml'), await said());
  await give('drop', ['dropped.xml']);
  same(await page.evaluate(() => document.activeElement.type), 'submit', 'the button is next');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/look\/\d+/);
  await page.locator('#pr').waitFor({ timeout: 30000 });
});
