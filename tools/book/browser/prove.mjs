// Opens the built book in a real browser, from the file system, and judges what it sees.
//
//   node prove.mjs PLAN.json [CHECK...]
//
// The plan says where the book and the browser are, and what is to be found; it comes from
// prove.py, which knows the chapters. Each check prints a line; the status is 1 if any fails.

import { readFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const plan = JSON.parse(await readFile(process.argv[2], 'utf8'));
const SCREENS = {
  light: { viewport: { width: 1400, height: 1000 }, colorScheme: 'light' },
  dark: { viewport: { width: 1400, height: 1000 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true },
};

function url(address) {
  const [file, anchor] = address.split('#');
  return pathToFileURL(join(plan.site, file)).href + (anchor ? `#${anchor}` : '');
}

function demand(condition, what) {
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
async function inWindow(browser, screen, visit) {
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

async function open(page, file) {
  await page.goto(url(file), { waitUntil: 'load' });
}

const words = (text) => text.replace(/\s+/g, ' ').trim();

// Every chapter: its title, all its code and pictures, the ways before and after.
async function chapters(page) {
  demand(plan.chapters.length > 0, 'the plan has no chapter');
  for (const chapter of plan.chapters) {
    await open(page, chapter.file);
    const title = words(await page.locator('.headertitle .title').first().innerText());
    demand(title === chapter.title, `${chapter.file}: the title is '${title}'`);
    const blocks = page.locator('.contents div.fragment');
    const shown = await blocks.evaluateAll((all) => all.map((one) =>
      one.getBoundingClientRect().height > 0 || one.closest('details:not([open])') !== null));
    demand(shown.length === chapter.blocks && shown.every(Boolean),
      `${chapter.file}: ${shown.filter(Boolean).length} of ${chapter.blocks} blocks are shown`);
    const pictures = page.locator('.contents svg.figure');
    demand(await pictures.count() === chapter.pictures,
      `${chapter.file}: ${await pictures.count()} of ${chapter.pictures} pictures`);
    const wide = await pictures.locator('text').evaluateAll((all) =>
      all.every((text) => text.getBoundingClientRect().width > 0));
    demand(wide, `${chapter.file}: a picture does not show its words`);
    demand(await page.locator('nav.neighbours a').count() === 2,
      `${chapter.file}: no way to the chapters before and after`);
  }
}

// All other pages of the book, and the front of each reference: there is something on them besides
// the menu, which comes when it is ready, and nothing goes wrong.
async function pages(page) {
  demand(plan.pages.length > 0, 'the plan has no page');
  for (const file of plan.pages) {
    await open(page, file);
    const text = words((await page.locator('.contents, main').allInnerTexts()).join(' '));
    demand(text.length > 40, `${file}: says only '${text}'`);
    demand(await page.locator('a[href*="index.html"]').count() > 0, `${file}: no way back`);
  }
}

// The frame of what was found. While one types it may search for less; the last search counts.
async function resultsOf(page, wanted) {
  for (let waited = 0; waited < 10000; waited += 100) {
    const frame = page.frames().find((one) => one.url().endsWith(`?${wanted}`));
    if (frame) {
      await frame.waitForLoadState('load');
      return frame;
    }
    await page.waitForTimeout(100);
  }
  throw new Error('finds nothing');
}

// The search box, by keyboard alone: typed, found, followed.
async function search(page) {
  await open(page, plan.front);
  await page.locator('#MSearchField').focus();
  await page.keyboard.type('evmap', { delay: 20 });
  const results = await resultsOf(page, 'evmap');
  const entry = results.locator('.SRResult:visible').first();
  const visible = (await results.locator('.SRResult:visible').allInnerTexts()).map(words);
  demand(visible.length > 0, 'finds nothing');
  demand(visible.every((text) => /^evmap/i.test(text)), `finds ${visible.join(' | ')}`);
  await page.keyboard.press('ArrowDown');  // from the box to the first result
  await entry.locator('a:focus').waitFor();
  await page.keyboard.press('Enter');      // which has several places: they unfold
  const place = entry.locator('.SRChildren a', { hasText: 'stage 2' }).first();
  await place.waitFor();
  const file = (await place.getAttribute('href')).split('/').pop().split('#')[0];
  await place.click();
  await page.waitForURL((address) => address.pathname.endsWith(`/${file}`));
  demand(/evmap/.test(await page.locator('body').innerText()), `${file} does not say evmap`);
}

// The dark mode: by the button, with another background and other pictures, and it stays.
async function dark(page) {
  const look = () => page.evaluate(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.querySelector('svg.figure text') ?? document.body).fill,
    dark: document.documentElement.classList.contains('dark-mode'),
  }));
  for (const file of [plan.chapters[0].file, plan.diffs[0]]) {
    await open(page, file);
    const light = await look();
    const button = page.locator('doxygen-awesome-dark-mode-toggle').first();
    await button.click();
    const night = await look();
    demand(!light.dark && night.dark, `${file}: the button does not switch`);
    demand(light.paper !== night.paper, `${file}: the background stays ${light.paper}`);
    demand(!file.startsWith('chapter') || light.ink !== night.ink,
      `${file}: the pictures stay as they are`);
    await page.reload();
    demand((await look()).dark, `${file}: forgotten when the page is loaded again`);
    await page.locator('doxygen-awesome-dark-mode-toggle').first().click();
    demand((await look()).paper === light.paper, `${file}: does not switch back`);
  }
}

// The contrast of the faintest text on a page's code, and that text. What is behind a text is the
// first background that is not transparent.
function faintest() {
  const channels = (text) => {
    const numbers = text.match(/[\d.]+/g).map(Number);
    return text.startsWith('color(') ? numbers : [...numbers.slice(0, 3).map((n) => n / 255),
      ...numbers.slice(3)];
  };
  const luminance = (rgb) => rgb.slice(0, 3)
    .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4))
    .reduce((sum, n, k) => sum + n * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const paper = channels(getComputedStyle(at).backgroundColor);
      if ((paper[3] ?? 1) > 0) return paper;
    }
    return [1, 1, 1];
  };
  let least = { ratio: 21, text: '' };
  for (const one of document.querySelectorAll('div.fragment *, .sides *, .source *')) {
    const text = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.data).join('').trim();
    if (!text || one.getClientRects().length === 0) continue;  // such as a tooltip that is hidden
    const [low, high] = [channels(getComputedStyle(one).color), behind(one)].map(luminance)
      .sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least.ratio) least = { ratio, text: `${text}, ${one.className || one.tagName}` };
  }
  return least;
}

// Code can be read in both themes: 4.5 to 1 is what is asked of text.
async function colours(page) {
  demand(plan.code.length > 0, 'the plan has no page with code');
  for (const file of plan.code) {
    await open(page, file);
    const unfold = page.getByRole('button', { name: 'Unfold all files' });
    if (await unfold.count() > 0) await unfold.click();
    const { ratio, text } = await page.evaluate(faintest);
    demand(text, `${file}: shows no code`);
    demand(ratio >= 4.5, `${file}: the contrast of '${text}' is ${ratio.toFixed(2)}`);
  }
}

// A page of two stages: folds by mouse and key, and leads to where each change is told.
async function diffs(page) {
  demand(plan.diffs.length > 0, 'the plan has no diff');
  for (const file of plan.diffs) {
    await open(page, file);
    const all = page.locator('details.file');
    const opened = () => all.evaluateAll((files) => files.filter((one) => one.open).length);
    await page.getByRole('button', { name: 'Unfold all files' }).click();
    demand(await opened() === await all.count(), `${file}: not all files unfold`);
    await page.getByRole('button', { name: 'Fold all files', exact: true }).click();
    demand(await opened() === 0, `${file}: not all files fold`);
    await all.first().locator('> summary').focus();
    await page.keyboard.press('Enter');
    demand(await opened() === 1, `${file}: Enter does not unfold a file`);
    const told = all.first().locator('a.told').first();
    const href = await told.getAttribute('href');
    await told.click();
    await page.waitForURL(url(href));
    const block = page.locator(`[id="${href.split('#')[1]}"]`);
    await block.waitFor({ state: 'attached' });
    const top = await block.evaluate((one) => one.getBoundingClientRect().top);
    demand(top > -50 && top < 1000, `${file}: ${href} is not where it leads to`);
    await open(page, `${file}#${href.split('#')[1]}`);
    demand(await opened() > 0, `${file}: an address with an anchor unfolds nothing`);
  }
}

// A replay, by keyboard alone: to its end and back, and no motion for who wants none.
async function replays(page) {
  demand(plan.replays.length > 0, 'the plan has no replay');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const file of plan.replays) {
    await open(page, file);
    const step = async () => {
      const text = words(await page.locator('#step').innerText());
      const parts = text.match(/^(\d+) of (\d+)$/);
      demand(parts, `${file}: the step is '${text}'`);
      return parts.slice(1).map(Number);
    };
    const press = async (key, wanted) => {
      await page.keyboard.press(key);
      const [now] = await step();
      demand(now === wanted, `${file}: ${key} leads to step ${now}, not ${wanted}`);
    };
    const [, last] = await step();
    demand(last > 1, `${file}: has ${last} steps`);
    await press('Home', 1);
    for (let k = 2; k <= last; ++k) await press('ArrowRight', k);
    await press('ArrowRight', last);
    for (let k = last - 1; k >= 1; --k) await press('ArrowLeft', k);
    await press('ArrowLeft', 1);
    await press('End', last);
    await press('Home', 1);
    const moving = await page.evaluate(() => document.getAnimations().length);
    demand(moving === 0, `${file}: ${moving} things move although none should`);
  }
}

// On a phone nothing is wider than the window but what scrolls by itself.
async function phone(page) {
  for (const file of [plan.front, ...plan.chapters.map((one) => one.file), ...plan.pages]) {
    await open(page, file);
    const over = await page.evaluate(() =>
      document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
    demand(over <= 0, `${file}: ${over} pixels wider than the window`);
  }
}

// Pictures of what a reader sees, for someone to look at.
async function shots(browser) {
  await mkdir(plan.shots, { recursive: true });
  for (const screen of Object.keys(SCREENS)) {
    await inWindow(browser, screen, async (page) => {
      for (const [name, file] of plan.looks) {
        await open(page, file);
        await page.waitForTimeout(500);  // the side tree unfolds slowly
        await page.screenshot({ path: join(plan.shots, `${name}-${screen}.png`) });
      }
    });
  }
}

const CHECKS = {
  chapters: (browser) => inWindow(browser, 'light', chapters),
  pages: (browser) => inWindow(browser, 'light', pages),
  search: (browser) => inWindow(browser, 'light', search),
  dark: (browser) => inWindow(browser, 'light', dark),
  colours: async (browser) => {
    for (const theme of ['light', 'dark']) await inWindow(browser, theme, colours);
  },
  diffs: (browser) => inWindow(browser, 'light', diffs),
  replays: (browser) => inWindow(browser, 'light', replays),
  phone: (browser) => inWindow(browser, 'phone', phone),
  shots,
};

const chosen = process.argv.slice(3);
const browser = await chromium.launch({
  executablePath: plan.browser,
  chromiumSandbox: process.getuid() !== 0,  // as root it cannot have one
});
let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const start = Date.now();
  let why = '';
  try {
    await check(browser);
  } catch (error) {
    why = `: ${error.message.split('\n')[0]}`;
    ++failed;
  }
  const took = ((Date.now() - start) / 1000).toFixed(1).padStart(6);
  console.log(`${why ? 'FAIL' : 'ok  '} ${name.padEnd(10)}${took} s${why}`);
}
await browser.close();
process.exit(failed ? 1 : 0);
