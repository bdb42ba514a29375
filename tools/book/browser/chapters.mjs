// The pages: what a chapter must show, and that no page is empty.

import { demand, inWindow, open, plan, words } from './window.mjs';

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
    demand(await page.locator('header.frame a[href$="index.html"]').count() > 0, `${file}: no way back`);
  }
}

export default {
  chapters: (browser) => inWindow(browser, 'light', chapters),
  pages: (browser) => inWindow(browser, 'light', pages),
};
