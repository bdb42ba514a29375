// The plan, and a window of the browser in which a page is opened and judged.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Where the book and the browser are, and what is to be found; from prove.py.
export const plan = JSON.parse(await readFile(process.argv[2], 'utf8'));
export const SCREENS = {
  light: { viewport: { width: 1400, height: 1000 }, colorScheme: 'light' },
  dark: { viewport: { width: 1400, height: 1000 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true },
  tablet: { viewport: { width: 820, height: 1180 }, colorScheme: 'light', hasTouch: true },
};

export function url(address) {
  const [file, anchor] = address.split('#');
  return pathToFileURL(join(plan.site, file)).href + (anchor ? `#${anchor}` : '');
}

export function demand(condition, what) {
  if (!condition) throw new Error(what);
}

// What no page may do, however it looks: it is noted while the checks run.
function watch(page, faults) {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      faults.push(`console ${message.type()}: ${message.text().split('\n')[0]}`);
    }
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message.split('\n')[0]}`));
  page.on('request', (request) => {
    if (!/^(file|data|blob|about):/.test(request.url())) {
      faults.push(`request to ${request.url()}`);
    }
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') faults.push(`${why} for ${request.url()}`);
  });
}

// Runs `visit` in a window of its own; what the page did wrong counts, too.
export async function inWindow(browser, screen, visit) {
  const context = await browser.newContext({ ...SCREENS[screen], offline: true });
  const faults = [];
  context.on('page', (page) => watch(page, faults));
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  try {
    await visit(page);
    await page.waitForTimeout(50);
    const kinds = [...new Set(faults)];
    const more = kinds.length > 3 ? `; and ${kinds.length - 3} more` : '';
    demand(kinds.length === 0, kinds.slice(0, 3).join('; ') + more);
  } finally {
    await context.close();
  }
}

export async function open(page, file) {
  await page.goto(url(file), { waitUntil: 'load' });
}

export const words = (text) => text.replace(/\s+/g, ' ').trim();
