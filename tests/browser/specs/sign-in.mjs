import { holds, same, test } from '../kit.mjs';

test('the sign-in page opens', async ({ page, url, shot, accessible }) => {
  await page.goto(`${url}/`);
  holds(page.url().startsWith(`${url}/sign-in`), `a stranger is asked to sign in, not sent to ${page.url()}`);
  same(await page.locator('h1').count(), 1, 'headings of the first level');
  await page.locator('input[name=login]').waitFor();
  await page.locator('input[name=password]').waitFor();
  await accessible();
  await shot('sign-in');
});

test('a wrong password is refused in plain words', async ({ page, url }) => {
  await page.goto(`${url}/sign-in`);
  await page.fill('input[name=login]', 'nobody-of-this-name');
  await page.fill('input[name=password]', 'not the password of anybody');
  await page.press('input[name=password]', 'Enter');
  await page.locator('[role=alert]').waitFor();
  holds(page.url().includes('/sign-in'), 'the visitor is still at the door');
});
