// The pages of diffs.

import { demand, inWindow, open, plan, url } from './window.mjs';

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

export default {
  diffs: (browser) => inWindow(browser, 'light', diffs),
};
