// The phone.

import { demand, inWindow, open, plan } from './window.mjs';

// On a phone nothing is wider than the window but what scrolls by itself.
async function phone(page) {
  for (const file of [plan.front, ...plan.chapters.map((one) => one.file), ...plan.pages]) {
    await open(page, file);
    const over = await page.evaluate(() =>
      document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
    demand(over <= 0, `${file}: ${over} pixels wider than the window`);
  }
}

export default {
  phone: (browser) => inWindow(browser, 'phone', phone),
};
