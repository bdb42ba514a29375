// The front page: its doors, the glimpse of a replay and what it tells; and charts and pictures
// that are files of their own.

import { demand, inWindow, open, plan, url, words } from './window.mjs';

const entry = plan.entry;

// What is told of a program stands on the page where it was measured.
async function gains(page) {
  const told = (await page.locator('ul.gains > li').allInnerTexts()).map(words);
  demand(told.length > 0, 'the front page tells of no gain');
  await open(page, entry.measured);
  const row = words(await page.locator('tr', { hasText: /^\s*unbound/ }).first().innerText());
  for (const text of told) {
    const parts = text.match(
      /^(\S+) times .*CPU, (\d+ \w+): (\S+ → \S+) \S+ a query: (\S+ → \S+)$/);
    demand(parts, `a gain is told as '${text}'`);
    const [, times, load, queries, calls] = parts;
    demand(row.includes(`${load}: ${queries}, ${times} times`) && row.includes(`${load}: ${calls}`),
      `the front page tells of a gain that was not measured: ${text}`);
  }
}

// The doors, the loop, and how long each chapter takes.
async function front(page) {
  await open(page, plan.front);
  const doors = page.locator('#mainpage-three-doors + ul > li');
  const ways = await doors.evaluateAll((all) => all.map((door) =>
    [...door.querySelectorAll('a')].map((way) => way.getAttribute('href'))));
  demand(String(ways) === String(entry.doors), `the doors lead to ${ways}`);
  const { y } = await doors.first().boundingBox();
  demand(y < page.viewportSize().height - 50, `the first door is ${y} pixels down the page`);
  const loop = page.locator('#picture-loop svg.figure text');
  const said = await loop.evaluateAll((all) => all.filter((text) =>
    text.getBoundingClientRect().width > 0).map((text) => text.textContent));
  demand(said.includes('process_active'), `of the loop one sees only '${said}'`);
  for (const [chapter, time] of entry.times) {
    const row = page.locator('tr', { has: page.locator(`a[href="${chapter}"]`) });
    const shown = words(await row.first().locator('td').last().innerText());
    demand(shown === time, `${chapter} takes ${time} to read, not '${shown}'`);
  }
  await gains(page);
}

// What the glimpse shows now; that all of its parts show the same is demanded here.
async function glimpsed(page) {
  const now = await page.evaluate(() => {
    const shown = (selector) => [...document.querySelectorAll(selector)]
      .map((one, k) => (getComputedStyle(one).visibility === 'visible' ? k : -1))
      .filter((k) => k >= 0);
    const lines = [...document.querySelectorAll('.glimpse-code .line')];
    return {
      says: shown('.glimpse-says > li'), states: shown('.glimpse g.frame'),
      line: lines.findIndex((one) => one.classList.contains('running')),
      at: document.querySelector('.glimpse-at').textContent,
      way: document.querySelector('.glimpse-ways a').getAttribute('href'),
    };
  });
  const k = now.says[0];
  const [step, line] = entry.glimpse[k];
  demand(String(now.says) === String(now.states), `step ${now.says} has the state ${now.states}`);
  demand(now.line === (line ?? -1), `in step ${step} line ${now.line} is marked, not ${line}`);
  demand(now.at === `step ${k + 1} of ${entry.glimpse.length}`, `step ${k} is called ${now.at}`);
  demand(now.way.endsWith(`#${step}`), `from step ${step} the way leads to ${now.way}`);
  return k;
}

// The front page with a clock of ours, and whether the glimpse goes on within some seconds.
async function atGlimpse(page, reducedMotion) {
  await page.emulateMedia({ reducedMotion });
  await open(page, plan.front);
}

async function goesOn(page) {
  const before = await glimpsed(page);
  for (let tries = 0; tries < 10; ++tries) {
    await page.waitForTimeout(50);  // until the page has been told what is in view
    await page.clock.runFor(1000);
    if (await glimpsed(page) !== before) return true;
  }
  return false;
}

const scrolled = (page, selector) => page.locator(selector).last().evaluate((one) =>
  one.scrollIntoView({ block: 'center' }));

// The glimpse plays while it is in view, until it is paused, and shows what was recorded.
async function glimpse(page) {
  await page.clock.install();
  await atGlimpse(page, 'no-preference');
  await scrolled(page, '.contents ul');
  demand(!await goesOn(page), 'the glimpse plays while it is out of view');
  await scrolled(page, '.glimpse');
  demand(await goesOn(page), 'the glimpse does not play by itself');
  const press = async (name) => {
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await press('Pause');
  demand(!await goesOn(page), 'the glimpse cannot be paused');
  const first = await glimpsed(page);
  for (let k = 1; k <= entry.glimpse.length; ++k) {
    await press('Next');
    demand(await glimpsed(page) === (first + k) % entry.glimpse.length, 'Next does not go on');
  }
  await press('Back');
  demand((await glimpsed(page) + 1) % entry.glimpse.length === first, 'Back does not go back');
  await press('Play');
  demand(await goesOn(page), 'Play does not go on');
  await atGlimpse(page, 'reduce');
  await scrolled(page, '.glimpse');
  demand(!await goesOn(page), 'the glimpse moves although nothing should');
  const way = page.locator('.glimpse-ways a');
  const address = await way.evaluate((one) => one.href);
  await way.click();
  await page.waitForURL(address);
}

// The paper of a picture, which is most of it, and the contrast of its ink, which has no colour.
async function inked(page, locator) {
  const png = (await locator.screenshot()).toString('base64');
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const { data: bytes } = canvas.getImageData(0, 0, image.width, image.height);
    const counts = new Map();
    for (let i = 0; i < bytes.length; i += 4) {
      const rgb = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
      counts.set(rgb, (counts.get(rgb) ?? 0) + 1);
    }
    const channels = (rgb) => [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
    const light = (rgb) => channels(rgb).map((n) => n / 255)
      .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4))
      .reduce((sum, n, k) => sum + n * [0.2126, 0.7152, 0.0722][k], 0);
    const paper = light([...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]);
    const grey = [...counts.keys()].filter((rgb) =>
      Math.max(...channels(rgb)) - Math.min(...channels(rgb)) < 40).map(light);
    const ratios = grey.map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
    return { paper, ratio: ratios.reduce((most, one) => Math.max(most, one), 1) };
  }, png);
}

async function readable(page, locator, name, dark) {
  const { paper, ratio } = await inked(page, locator);
  demand(ratio >= 4.5, `${name}: the contrast of its words is ${ratio.toFixed(2)}`);
  demand(dark === (paper < 0.2), `${name}: its paper is ${dark ? 'light in the dark' : 'dark'}`);
}

// The charts, each of them on its page, and ways from the chapters to there.
const charts = (dark) => async (page) => {
  const [file, names] = entry.charts;
  await open(page, file);
  const images = page.locator('p.chart img');
  const shown = await images.evaluateAll((all) => all.filter((one) => one.naturalWidth > 0)
    .map((one) => one.getAttribute('src')));
  demand(String(shown) === String(names),
    `${file} shows ${shown.length} of ${names.length} charts`);
  for (let k = 0; k < names.length; ++k) await readable(page, images.nth(k), names[k], dark);
  await open(page, entry.withChart);
  await page.locator('p.chart a').first().click();
  await page.waitForURL(url(file));
};

// On a phone a chart keeps its size, and scrolls.
async function narrow(page) {
  const [file] = entry.charts;
  await open(page, file);
  const { width } = await page.locator('p.chart img').first().boundingBox();
  demand(width > 600, `${file}: a chart is only ${width} pixels wide`);
}

// README's pictures, each a file that is opened by itself, light and dark; one of them moves.
const drawings = (dark) => async (page) => {
  for (const name of entry.drawings) {
    await open(page, name);
    await readable(page, page.locator('svg').first(), name, dark);
  }
  const moves = async (reducedMotion) => {
    await page.emulateMedia({ reducedMotion });
    await open(page, entry.moving);
    const seen = () => page.evaluate(() => [...document.querySelectorAll('.frame')]
      .map((one) => getComputedStyle(one).visibility).join());
    const before = await seen();
    demand(before.split('visible').length === 2, `${entry.moving} shows ${before}`);
    await page.waitForTimeout(entry.pace * 1000);
    return before !== await seen();
  };
  demand(await moves('no-preference'), `${entry.moving} does not move`);
  demand(!await moves('reduce'), `${entry.moving} moves although nothing should`);
};

// A check in the light and in the dark, which it is told of.
async function inBoth(browser, check) {
  await inWindow(browser, 'light', check(false));
  await inWindow(browser, 'dark', check(true));
}

export default {
  front: async (browser) => {
    for (const screen of ['light', 'phone']) await inWindow(browser, screen, front);
  },
  glimpse: async (browser) => {
    for (const screen of ['light', 'phone']) await inWindow(browser, screen, glimpse);
  },
  charts: async (browser) => {
    await inWindow(browser, 'phone', narrow);
    await inBoth(browser, charts);
  },
  drawings: (browser) => inBoth(browser, drawings),
};
