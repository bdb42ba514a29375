// The search box: what is found, how it is shown, and that the keyboard is enough.

import { faintest } from './looks.mjs';
import { demand, inWindow, open, plan, url, words } from './window.mjs';

const options = (page) => page.locator('#found [role=option]');

// Types into the box, and waits for what is found of it.
async function find(page, query) {
  await page.keyboard.press('/');
  const focused = await page.evaluate(() => document.activeElement.id);
  demand(focused === 'search', `/ does not go to the search box, but to '${focused}'`);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(query);
  await options(page).first().waitFor().catch(() => demand(false, `${query}: finds nothing`));
}

// Names of ours and of libevent's: the first that is found is the name, and its page has it.
async function symbols(page) {
  demand(plan.names.length > 0, 'the plan has no name');
  for (const [query, where] of plan.names) {
    await open(page, plan.front);
    await find(page, query);
    const first = options(page).first();
    demand(await page.locator('#found .group-name').first().innerText() === 'Names',
      `${query} is not among the names`);
    const text = words(await first.locator('.name').innerText());
    demand(text.split('::').at(-1) === query, `${query}: the first name is '${text}'`);
    const href = await first.getAttribute('href');
    demand(href.startsWith(where), `${query}: leads to ${href}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(url(href));
    demand((await page.locator('body').innerText()).includes(query),
      `${href} does not say ${query}`);
  }
}

// Prose, code and terms: few sections, by page, with a piece of the text and its words marked.
async function text(page) {
  demand(plan.searches.length > 0, 'the plan has no words to search for');
  await open(page, plan.front);
  for (const [query, where, mark] of plan.searches) {
    await find(page, query);
    const found = where ? page.locator(`#found a[href^="${where}"]`) : options(page);
    demand(await found.count() > 0, `${query}: does not lead to ${where}`);
    demand(await options(page).count() <= 30, `${query}: finds too much`);
    const marks = await found.locator('mark').allInnerTexts();
    demand(marks.some((one) => one.toLowerCase().includes(mark)), `${query}: marks '${marks}'`);
    const titles = await page.locator('#found .group-name').allInnerTexts();
    demand(titles.every((one) => one.trim()), `${query}: a page has no title`);
    const long = await page.locator('#found .snippet').evaluateAll((all) =>
      Math.max(...all.map((one) => one.textContent.length)));
    demand(long > 20 && long < 220, `${query}: a piece of the text has ${long} letters`);
    await page.keyboard.press('Escape');
  }
}

// What is found can be read, and is inside of the window, in both themes and on a phone.
async function panel(page) {
  await open(page, plan.diffs[0]);
  if (await page.locator('#search').isVisible()) await find(page, 'evmap');
  const box = await page.locator('#found').boundingBox();
  const { width, height } = page.viewportSize();
  demand(box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height,
    `what is found is outside of the window: ${JSON.stringify(box)}`);
  const { ratio, text: faint } = await page.evaluate(faintest, '#found *');
  demand(ratio >= 4.5, `the contrast of '${faint}' in what is found is ${ratio.toFixed(2)}`);
}

// By keyboard alone: through the results and back, away from the box, and to a section.
async function keys(page) {
  await open(page, plan.front);
  await find(page, plan.searches[0][0]);
  const chosen = () => page.evaluate(() => {
    const id = document.getElementById('search').getAttribute('aria-activedescendant');
    const all = [...document.querySelectorAll('#found [role=option]')];
    return all.findIndex((one) => one.id === id && one.ariaSelected === 'true');
  });
  for (const [key, wanted] of [['ArrowDown', 0], ['ArrowDown', 1], ['ArrowUp', 0],
    ['ArrowUp', await options(page).count() - 1], ['ArrowDown', 0]]) {
    await page.keyboard.press(key);
    demand(await chosen() === wanted, `${key} chooses result ${await chosen()}, not ${wanted}`);
  }
  await page.keyboard.type('/');
  demand((await page.locator('#search').inputValue()).endsWith('/'), 'no / can be typed');
  await page.keyboard.press('Escape');
  demand(await page.evaluate(() => document.activeElement === document.body
    && document.getElementById('found').hidden), 'Escape does not leave the search');
  await find(page, plan.searches[0][0]);
  await page.keyboard.press('ArrowDown');
  const href = await options(page).first().getAttribute('href');
  await page.keyboard.press('Enter');
  await page.waitForURL(url(href));
}

export default {
  symbols: (browser) => inWindow(browser, 'light', symbols),
  text: (browser) => inWindow(browser, 'light', text),
  panel: async (browser) => {
    for (const screen of ['light', 'dark', 'phone']) await inWindow(browser, screen, panel);
  },
  keys: (browser) => inWindow(browser, 'light', keys),
};
