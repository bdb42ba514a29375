// What is around every page: the bar, the menu, the names in it, and the keys.

import { faintest } from './looks.mjs';
import { demand, inWindow, open, plan, url, words } from './window.mjs';

// The menu of a page, opened if it is folded.
async function menu(page, file) {
  const shown = page.locator('#book-menu');
  if (!(await shown.isVisible())) await page.locator('.menu-button').click();
  demand(await shown.isVisible(), `${file}: the menu does not open`);
  return shown;
}

// Everything in the menu is unfolded.
const unfold = (shown) => shown.locator('button[aria-expanded=false]').evaluateAll((all) =>
  all.forEach((one) => one.click()));

// On every kind of page: the bar with all that it has, and the menu, whole, with the page marked.
async function shell(page) {
  demand(plan.shells.length > 0, 'the plan has no page');
  const { width } = page.viewportSize();
  for (const file of plan.shells) {
    await open(page, file);
    for (const part of ['.menu-button', '.frame-name', '#search',
      'doxygen-awesome-dark-mode-toggle']) {
      const found = page.locator(`header.frame ${part}`);
      const box = await found.count() === 1 && await found.boundingBox();
      demand(box && box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y < 60,
        `${file}: ${part} is not in the bar`);
    }
    const shown = await menu(page, file);
    const current = shown.locator('[aria-current]');
    demand(await current.count() >= 1, `${file}: is not marked in the menu`);
    const mark = await current.first().boundingBox();
    demand(mark && mark.y > 0 && mark.y < page.viewportSize().height,
      `${file}: its mark in the menu is out of sight`);
    await unfold(shown);
    const cut = await shown.locator('a, button').evaluateAll((all) => all.filter((one) =>
      one.scrollWidth > one.clientWidth
      || one.getBoundingClientRect().right > document.getElementById('book-menu')
        .getBoundingClientRect().right).map((one) => one.textContent));
    demand(cut.length === 0, `${file}: in the menu '${cut[0]}' is cut`);
    const { ratio, text } = await page.evaluate(faintest, '#book-menu *, header.frame *');
    demand(ratio >= 4.5, `${file}: the contrast of '${text}' in the menu is ${ratio.toFixed(2)}`);
    if (width < 1000) continue;
    const over = await page.locator('main, .contents').first().boundingBox();
    const side = await shown.boundingBox();
    demand(over.x >= side.x + side.width, `${file}: the menu covers the page`);
  }
}

// A chapter has one name: its title's, in the menu and wherever a list or a way leads to it.
async function titles(page) {
  const title = Object.fromEntries(plan.chapters.map((one) => [one.file, one.title]));
  const lists = '#book-menu a, nav a, td a';
  for (const file of [plan.front, ...plan.shells]) {
    await open(page, file);
    const links = await page.locator(lists).evaluateAll((all) => all.map((one) =>
      [one.href.split('/').pop(), one.textContent]));
    for (const [href, text] of links) {
      const name = words(text.replace(/[←→↑]/g, ''));
      demand(!title[href] || /^[\d ]+$/.test(name) || name === title[href],
        `${file}: ${href} is called '${name}', not '${title[href]}'`);
    }
    const all = new Set(links.map(([href]) => href));
    const lost = Object.keys(title).find((one) => !all.has(one));
    demand(!lost, `${file}: the menu lacks ${lost}`);
  }
}

// Left and right lead to the pages before and after, unless something else has the focus, and
// not where they step through a replay.
async function arrows(page) {
  const [before, here, after] = plan.chapters.slice(1, 4).map((one) => one.file);
  await open(page, here);
  const press = async (key, file) => {
    await page.keyboard.press(key);
    await page.waitForURL(url(file)).catch(() =>
      demand(false, `${key} leads to ${page.url().split('/').pop()}, not ${file}`));
    await page.waitForLoadState('load');
  };
  await press('ArrowRight', after);
  await press('ArrowLeft', here);
  await press('ArrowLeft', before);
  await press('ArrowRight', here);
  await page.locator('#search').focus();
  await page.keyboard.type('ab');
  await page.keyboard.press('ArrowLeft');
  await page.waitForTimeout(200);
  demand(page.url() === url(here), 'an arrow in the search box leaves the page');
  await open(page, plan.diffs[1]);
  await press('ArrowRight', plan.diffs[2]);
  await open(page, plan.replays[1]);
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(200);
  demand(page.url().split('#')[0] === url(plan.replays[1]), 'an arrow leaves the replay');
}

// The table of contents follows the scroll: the heading that one reads is the one that is marked.
async function contents(page) {
  await open(page, plan.toc);
  const entries = page.locator('.contents > .toc a');
  demand(await entries.count() > 2, `${plan.toc}: has no table of contents`);
  const marked = page.locator('.contents > .toc a.active');
  for (let k = 0; k < await entries.count(); ++k) {
    const entry = entries.nth(k);
    const anchor = (await entry.getAttribute('href')).slice(1);
    const reached = await page.evaluate((id) => {
      document.getElementById(id).scrollIntoView();
      return scrollY + innerHeight < document.documentElement.scrollHeight - 2;
    }, anchor);
    if (!reached) break;  // the last headings do not come to the top
    await page.waitForTimeout(100);
    const now = words((await marked.allInnerTexts()).join(' | '));
    demand(now === words(await entry.innerText()),
      `${plan.toc}: at '${await entry.innerText()}' the marked heading is '${now}'`);
  }
  const top = await page.locator('.contents > .toc').boundingBox();
  demand(top.y >= 40 && top.y < 200, `${plan.toc}: the table of contents is not in sight`);
}

export default {
  shell: async (browser) => {
    for (const screen of ['light', 'dark', 'phone']) await inWindow(browser, screen, shell);
  },
  titles: (browser) => inWindow(browser, 'light', titles),
  arrows: (browser) => inWindow(browser, 'light', arrows),
  contents: (browser) => inWindow(browser, 'light', contents),
};
