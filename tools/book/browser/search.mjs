// The search box.

import { demand, inWindow, open, plan, words } from './window.mjs';

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

export default {
  search: (browser) => inWindow(browser, 'light', search),
};
