// The phone.

import { demand, inWindow, open, plan } from './window.mjs';

// On a phone nothing is wider than the window but what scrolls by itself. The pages of chapters are
// made alike: of them, a third is looked at.
async function phone(page) {
  const steps = plan.chapters.filter((_, k) => k % 3 === 0).map((one) => one.file);
  for (const file of [plan.front, ...steps, ...plan.pages]) {
    await open(page, file);
    const over = await page.evaluate(() =>
      document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
    demand(over <= 0, `${file}: ${over} pixels wider than the window`);
  }
}

export default {
  phone: (browser) => inWindow(browser, 'phone', phone),
};
