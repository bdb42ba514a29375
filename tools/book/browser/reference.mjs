// The reference of the library, and the sources of the stages that names in chapters lead to.

import { demand, inWindow, open, plan, words } from './window.mjs';

// The reference's front page: each task with its names, each with a line and a way to it; what a
// class is for stands above the list of its members, nothing private is shown, and from a member
// one gets to its code.
async function reference(page) {
  const { front, tasks, inside } = plan.reference;
  await open(page, front);
  const cards = page.locator('section.task');
  const titles = (await cards.locator('h2').allInnerTexts()).map(words);
  demand(titles.join('|') === tasks.join('|'), `${front}: the tasks are ${titles.join(', ')}`);
  for (const row of await page.locator('section.task li').all()) {
    const [link, line] = [row.locator('a'), words(await row.locator('span').innerText())];
    demand(await link.count() === 1 && line.length > 10, `${front}: a name has no line beside it`);
  }
  const edges = await cards.evaluateAll((all) =>
    all.map((one) => one.getBoundingClientRect().right));
  const { width } = page.viewportSize();
  demand(Math.max(...edges) <= width, `${front}: the tasks are wider than the window`);
  const post = cards.locator('a', { hasText: 'event_base::post' });
  await post.click();
  await page.waitForURL(/\/class\w+\.html/);
  const title = page.locator('a:target + h2.memtitle');
  const found = (await title.allInnerTexts()).join();
  demand(/post/.test(found), 'the reference does not lead to post()');
  const text = words(await page.locator('.contents').innerText());
  const [said, listed] = ['A turn has two phases', 'Public Member Functions']
    .map((one) => text.indexOf(one));
  demand(said >= 0 && said < listed,
    'the reference does not say what a class is for before its members');
  const shown = inside.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  demand(shown.length === 0, `the reference shows what is private: ${shown.join(', ')}`);
  await title.locator('a.source').click();
  demand(/post\(/.test(await target(page)), 'the source of post() is not where the reference says');
}

// The text of the line that the address of a page leads to, which has to be in the window, with
// room above it for the description.
async function target(page) {
  await page.waitForURL(/#L\d+$/);
  const number = page.locator('span.number:target');
  await number.waitFor();
  await page.waitForTimeout(200);  // the page is scrolled when it has been laid out
  const { top, line } = await number.evaluate((one) => ({
    top: one.getBoundingClientRect().top, line: one.parentElement.textContent }));
  const short = await page.evaluate(() => scrollY === 0);
  const { height } = page.viewportSize();
  demand((top > height / 5 || short) && top < height, `${page.url()}: the line is not to be seen`);
  return words(line);
}

// From a name in a chapter to the line of the same stage that declares it, and on to where it is
// defined.
async function sources(page) {
  for (const { chapter, name, stage } of plan.sources) {
    await open(page, chapter);
    const last = name.split('::').pop();
    await page.locator('a.symbol', { hasText: new RegExp(`^${name}(\\(\\))?$`) }).first().click();
    let line = await target(page);
    demand(page.url().includes(`/file_${stage}-evolve-`),
      `${chapter}: ${name} leads to ${page.url()}`);
    demand(line.includes(last), `${chapter}: ${name} leads to '${line}'`);
    await page.locator('.line', { has: page.locator(':target') })
      .locator('a.known', { hasText: new RegExp(`^${last}$`) }).first().click();
    await page.waitForURL(/-cpp\.html#L\d+$/);
    line = await target(page);
    demand(line.includes(name), `${name} is defined in '${line}'`);
    demand(await page.locator('a.known').count() > 20, `${page.url()}: its names lead nowhere`);
  }
}

export default {
  reference: async (browser) => {
    for (const screen of ['light', 'dark', 'phone']) await inWindow(browser, screen, reference);
  },
  sources: async (browser) => {
    for (const screen of ['light', 'phone']) await inWindow(browser, screen, sources);
  },
};
