import { holds, same, test } from '../kit.mjs';

// A day's work of a registrar, in the order of the day.
test('a registrar finds a patient by a misspelt name, changes an item, and every step leaves its trace', async ({ page, context, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/?whose=team`);
  await accessible();
  await shot('my-work');

  await page.goto(`${url}/patients`);
  await page.fill('#name', 'Smith');
  await page.press('#name', 'Enter');
  const first = page.locator('td a.who').first();
  await first.waitFor();
  const name = (await first.textContent()).trim();
  await page.fill('#name', name.replace(/^(\w+),/, (_, last) => `${last.slice(0, -1)}${last.at(-1)}${last.at(-1)},`));
  await page.press('#name', 'Enter');
  await page.locator('td a.who', { hasText: name }).first().waitFor();
  holds(!page.url().toLowerCase().includes('smith'), `a name stands in the address ${page.url()}`);
  await accessible();
  await shot('patients');

  await page.locator('td a.who', { hasText: name }).first().click();
  await page.waitForURL('**/patients/*');
  holds(!(await page.title()).includes(name.split(',')[0]), 'the title of the tab carries no name');
  const patient = page.url();
  await accessible();
  await shot('patient');

  await page.locator('a[href^="/cases/"]').first().click();
  await page.waitForURL('**/cases/*/*');
  const kase = page.url().split('/')[4];
  const section = `${url}/cases/${kase}/identification`;
  await page.goto(section);
  const second = await context.newPage();
  await second.goto(section);
  const site = page.locator('#i400');
  const before = await site.inputValue();
  const after = before === 'C341' ? 'C349' : 'C341';
  await site.fill(after);
  await page.press('#i400', 'Enter');
  await page.waitForFunction(([now]) => document.querySelector('#i400').value === now && /^Saved/.test(document.querySelector('#saved').textContent.trim()), [after]);
  await shot('workbench');
  await page.focus('#i410');
  await page.keyboard.press('F4');
  await page.locator('#codes:not([hidden])').waitFor();
  await shot('codes');
  await page.keyboard.press('Escape');

  await second.fill('#i400', before === 'C509' ? 'C508' : 'C509');
  await second.press('#i400', 'Enter');
  await second.locator('#conflict[open]').waitFor();
  await second.close();

  await page.goto(`${url}/cases/${kase}/items/400`);
  const life = await page.locator('main').textContent();
  holds(life.includes(after) && (!before || life.includes(before)), `the life of the item holds ${before} and ${after}`);
  await accessible();
  await shot('life-of-an-item');
  await page.goto(`${url}/cases/${kase}/source`);
  await accessible();
  await shot('source');

  await page.goto(`${url}/follow-up`);
  await accessible();
  await shot('follow-up');
  await page.goto(patient.replace('/patients/', '/follow-up/'));
  await accessible();
  await shot('posting');
  // A day that has come in every time zone, the registry's among them.
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await page.fill('[name=date]', day);
  await page.selectOption('[name=vital_status]', '1');
  await page.selectOption('[name=source_central]', { index: 1 });
  await page.click('button[name=do][value=post]');
  await page.waitForLoadState();
  same(await page.locator('.errors').count(), 0, 'refusals of the contact');
  holds((await page.locator('.banner').textContent()).includes(day), `the banner shows the contact of ${day}`);
  await shot('posted');
  await page.locator('details.bar-who summary').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto(patient);
  holds(page.url().includes('/sign-in'), 'after signing out a patient asks for a sign-in');
});

test('a file is sent in and its report opens', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/intake`);
  await accessible();
  await shot('intake');
  await page.setInputFiles('#file', { name: 'broken.xml', mimeType: 'text/xml', buffer: Buffer.from('<?xml version="1.0"?>\n<NaaccrData>\n<Patient>') });
  await page.click('form.panel .btn.main');
  await page.waitForURL('**/intake/*');
  await page.locator('.errors[role=alert]').waitFor({ timeout: 30_000 });
  holds(/nothing of the registry was changed/i.test(await page.locator('.errors').textContent()), 'the report says that nothing was changed');
  await shot('import-refused');
});

test('a file is made for a recipient and downloaded', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('registry_manager');
  await page.goto(`${url}/submissions/file`);
  await accessible();
  await page.fill('#recipient', 'State central registry');
  await page.fill('#purpose', 'Yearly call for data');
  await page.selectOption('#status', '');
  await shot('submissions');
  await page.click('form.panel .btn.main');
  await page.waitForURL('**/jobs/*');
  const keep = page.locator('main a.btn.main');
  await keep.waitFor({ timeout: 60_000 });
  const [file] = await Promise.all([page.waitForEvent('download'), keep.click()]);
  holds(/^export_A2[56]0_\d+_\d+\.xml\.gz$/.test(file.suggestedFilename()), `the file is called ${file.suggestedFilename()}`);
  await shot('job');
});

test('administration is keyboard-reachable, accessible and looked at', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('administrator');
  for (const [path, name] of [['/admin/users', 'users'], ['/admin/users/new', 'user'], ['/admin/facilities', 'facilities'], ['/admin/settings', 'settings'], ['/account', 'account'], ['/help', 'help']]) {
    await page.goto(`${url}${path}`);
    same(await page.locator('h1').count(), 1, `headings of the first level on ${path}`);
    same(await page.locator('.btn.main:visible').count() <= 1, true, `one filled button on ${path}`);
    await accessible();
    await shot(name);
  }
  await page.keyboard.press('F2');
  await page.keyboard.type('sett');
  // The answer to the whole word, not to its first letters, is what Enter takes.
  await page.waitForFunction(() => document.querySelector('#palette-list li')?.textContent.includes('Settings'));
  await shot('go-to');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/settings');
  await page.goto(`${url}/patients`);
  holds((await page.locator('h1').textContent()).includes('Not allowed'), 'an administrator opens no patient by that role');
  await page.locator('details.bar-who summary').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
});

test('an auditor reads the trail and nothing else', async ({ page, url, signIn, shot, accessible }) => {
  await signIn('auditor');
  await page.goto(`${url}/admin/audit`);
  await page.locator('table.list tbody tr').first().waitFor();
  await accessible();
  await shot('audit');
  const answer = await page.goto(`${url}/patients`);
  same(answer.status(), 403, 'patients are not the auditor\'s');
});
