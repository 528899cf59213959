// What the specs stand on: `test`, `same`, `holds`; the server with its demo registry; Chromium; screenshots.
//
// A spec registers tests: test('the sign-in page opens', async ({ page, url, shot }) => { … }).
// Given to each: page (a fresh context, 1440 × 900), url, signIns ({ role: { login, password, totp_secret } }),
// signIn(role), shot(name), accessible(), folder (the server's). A script error, a blocked script or style, or an
// unexpected dialog fails the test whatever it asserted.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = fileURLToPath(new URL('.', import.meta.url));
const shots = join(here, 'shots');

export const tests = [];

export function test(name, run) {
  tests.push({ name, run });
}

export function holds(what, sentence) {
  if (!what) throw new Error(sentence);
}

export function same(found, expected, sentence) {
  if (found !== expected) throw new Error(`${sentence}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

export function findChromium() {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
}

// Chromium with an empty profile of its own, which playwright makes and removes.
export function openBrowser() {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

// Starts `accession demo` in an empty folder and waits for `ready http://…`.
export async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'accession-browser-'));
  const program = join(here, '../../target/debug/accession');
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ACCESSION_')));
  const child = spawn(program, ['demo', '--listen', '127.0.0.1:0'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const ready = new Promise((resolve, reject) => {
    const read = (chunk) => {
      printed += chunk;
      const said = /^ready (http\S+)$/m.exec(printed);
      if (said) resolve(said[1].replace(/\/$/, ''));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${printed}`)));
    child.on('error', reject);
    setTimeout(() => reject(new Error(`the server was not ready after 180 s:\n${printed}`)), 180_000).unref();
  });
  let url;
  try {
    url = await ready;
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const list = join(folder, 'demo-data/sign-ins.json');
  const signIns = Object.fromEntries(JSON.parse(readFileSync(list, 'utf8')).map((one) => [one.role, one]));
  return {
    url,
    folder,
    signIns,
    printed: () => printed,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 12_000);
      await ended;
      clearTimeout(late);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// Runs one test in a context of its own.
export async function visit(browser, server, test) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  page.on('dialog', async (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  const given = {
    page,
    context,
    url: server.url,
    signIns: server.signIns,
    folder: server.folder,
    shot: (name) => shot(page, name),
    signIn: (role) => signIn(page, server, role),
    accessible: () => accessible(page),
  };
  try {
    await test.run(given);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  } catch (error) {
    await shot(page, `failed-${test.name.replace(/[^a-z0-9]+/gi, '-')}`).catch(() => {});
    throw error;
  } finally {
    await context.close();
  }
}

async function shot(page, name) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

// Signs in as the demo's user of this role: with the cookie of an earlier test while its session lasts, since a
// second sign-in has to wait for the next one-time code, else through the form.
const cookies = new Map();

export async function signIn(page, server, role) {
  await page.context().clearCookies();
  if (cookies.has(role)) {
    await page.context().addCookies(cookies.get(role));
    await page.goto(server.url);
    if (!new URL(page.url()).pathname.startsWith('/sign-in')) return;
    await page.context().clearCookies();
  }
  await signInByForm(page, server, role);
  cookies.set(role, await page.context().cookies());
}

async function signInByForm(page, server, role) {
  const who = server.signIns[role];
  holds(who, `the demo has no user of the role ${role}`);
  await page.goto(`${server.url}/sign-in`);
  await page.fill('input[name=login]', who.login);
  await page.fill('input[name=password]', who.password);
  if (who.totp_secret) await page.fill('input[name=code]', await unusedCode(who.totp_secret));
  await page.press('input[name=password]', 'Enter');
  await page.waitForURL((now) => !now.pathname.startsWith('/sign-in'));
}

// A code is good once only: a second sign-in within the same 30 seconds takes the next step's.
const lastStep = new Map();

async function unusedCode(secret) {
  let step = Math.floor(Date.now() / 30_000);
  const last = lastStep.get(secret) ?? 0;
  if (step <= last) step = last + 1;
  while (step > Math.floor(Date.now() / 30_000) + 1) await new Promise((wait) => setTimeout(wait, 500));
  lastStep.set(secret, step);
  return totp(secret, step);
}

// RFC 6238 with SHA-1, six digits.
export function totp(secret, step) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const letter of secret.replace(/[=\s]/g, '').toUpperCase()) bits += alphabet.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// Serious and critical findings of axe-core on the page as it stands.
async function accessible(page) {
  await page.evaluate(readFileSync(join(here, 'node_modules/axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const serious = found.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  const lines = serious.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 5).join(', ')}`);
  holds(lines.length === 0, `accessibility of ${page.url()}:\n${lines.join('\n')}`);
}
