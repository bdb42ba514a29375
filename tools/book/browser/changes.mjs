// Pages of diffs: changed words, the list of files that stays, the way from change to change.

import { demand, inWindow, open, plan } from './window.mjs';

// Where the change is that one was led to, and what covers the top of the window.
function change() {
  const at = document.querySelector('[data-change].at');
  const told = at?.previousElementSibling;
  const from = (told?.matches('.told') ? told : at)?.getBoundingClientRect();
  const bar = at?.closest('details.file').querySelector('summary').getBoundingClientRect();
  return { top: from?.top, covered: bar?.bottom, height: innerHeight,
    said: document.querySelector('.panel output').textContent,
    focused: document.activeElement === at };
}

async function led(page, file, how, wanted) {
  const now = await page.evaluate(change);
  demand(now.said.startsWith(`${wanted} of `), `${file}: ${how} leads to '${now.said}'`);
  demand(now.focused, `${file}: ${how} does not move the focus`);
  demand(now.top >= now.covered - 3 && now.top < now.height,
    `${file}: change ${wanted} is at ${now.top}, below ${now.covered}`);
}

// By key and by button, on and back.
async function ways(page, file) {
  await open(page, file);
  for (const [key, wanted] of [['n', 1], ['n', 2], ['n', 3], ['p', 2]]) {
    await page.keyboard.press(key);
    await led(page, file, `key ${key}`, wanted);
  }
  for (const [name, wanted] of [['Next', 3], ['Previous', 2]]) {
    await page.locator('.panel').getByRole('button', { name }).click();
    await led(page, file, `button ${name}`, wanted);
  }
}

// The list stays in view, and marks the file that is under the eye.
async function list(page, file) {
  await open(page, file);
  const links = page.locator('.panel .files a');
  for (const k of [1, await links.count() - 1]) {
    const folded = page.locator('.panel details.list:not([open]) > summary');
    if (await folded.count() > 0) await folded.click();
    await links.nth(k).click();
    await page.waitForTimeout(100);
    const now = await page.evaluate(() => {
      const box = document.querySelector('.panel').getBoundingClientRect();
      return { top: box.top, bottom: box.bottom, height: innerHeight,
        current: [...document.querySelectorAll('.panel a[aria-current]')].map((a) => a.hash) };
    });
    const hash = await links.nth(k).evaluate((link) => link.hash);
    demand(now.top >= 0 && now.bottom <= now.height,
      `${file}: the list is at ${now.top} to ${now.bottom} of ${now.height}`);
    const last = await page.evaluate(() =>
      scrollY + innerHeight >= document.documentElement.scrollHeight - 2);
    demand(now.current.length === 1 && (last || now.current[0] === hash),
      `${file}: at ${hash} the list marks ${now.current}`);
  }
}

// Changed words are marked, on both sides, and are seen on the tint of their line.
async function marked(page, file) {
  await open(page, file);
  const found = await page.locator('.sides b.changed').evaluateAll((all) => all.map((one) => {
    const line = one.closest('[data-n]');
    return { side: line.parentElement.className, text: one.textContent,
      seen: getComputedStyle(one).backgroundColor !== getComputedStyle(line).backgroundColor
        && !/rgba\(.*, 0\)/.test(getComputedStyle(one).backgroundColor),
      part: one.textContent.length < line.textContent.length };
  }));
  for (const side of ['old', 'new']) {
    demand(found.some((one) => one.side === side), `${file}: no changed word on the ${side} side`);
  }
  const bad = found.find((one) => !one.seen || !one.part);
  demand(!bad, `${file}: the mark of '${bad?.text}' is not seen`);
}

async function desk(page) {
  demand(plan.marked.length > 0, 'the plan has no diff with changed words');
  for (const file of plan.marked) {
    await list(page, file);
    await ways(page, file);
    await marked(page, file);
    const beside = await page.evaluate(() =>
      document.querySelector('.panel').getBoundingClientRect().right
        <= document.querySelector('.sheets').getBoundingClientRect().left);
    demand(beside, `${file}: the list does not stand beside the files`);
  }
}

// On a phone the list is folded, and folds again when one goes where it leads.
async function phone(page) {
  for (const file of plan.marked) {
    await ways(page, file);
    await list(page, file);
    demand(await page.locator('.panel details.list[open]').count() === 0,
      `${file}: the list covers the files`);
  }
}

export default {
  changes: async (browser) => {
    for (const theme of ['light', 'dark']) await inWindow(browser, theme, desk);
    await inWindow(browser, 'phone', phone);
  },
};
