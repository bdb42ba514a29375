// The replays.

import { demand, inWindow, open, plan, words } from './window.mjs';

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

export default {
  replays: (browser) => inWindow(browser, 'light', replays),
};
