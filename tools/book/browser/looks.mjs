// Light and dark, and whether code can be read in both.

import { demand, inWindow, open, plan } from './window.mjs';

// The dark mode: by the button, with another background and other pictures, and it stays.
async function dark(page) {
  const look = () => page.evaluate(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.querySelector('svg.figure text') ?? document.body).fill,
    dark: document.documentElement.classList.contains('dark-mode'),
  }));
  for (const file of [plan.chapters[0].file, plan.diffs[0]]) {
    await open(page, file);
    const light = await look();
    const button = page.locator('doxygen-awesome-dark-mode-toggle').first();
    await button.click();
    const night = await look();
    demand(!light.dark && night.dark, `${file}: the button does not switch`);
    demand(light.paper !== night.paper, `${file}: the background stays ${light.paper}`);
    demand(!file.startsWith('chapter') || light.ink !== night.ink,
      `${file}: the pictures stay as they are`);
    await page.reload();
    demand((await look()).dark, `${file}: forgotten when the page is loaded again`);
    await page.locator('doxygen-awesome-dark-mode-toggle').first().click();
    demand((await look()).paper === light.paper, `${file}: does not switch back`);
  }
}

// The contrast of the faintest text on a page's code, or elsewhere, and that text. What is behind a text is the
// first background that is not transparent.
export function faintest(where) {
  const channels = (text) => {
    const numbers = text.match(/[\d.]+/g).map(Number);
    return text.startsWith('color(') ? numbers : [...numbers.slice(0, 3).map((n) => n / 255),
      ...numbers.slice(3)];
  };
  const luminance = (rgb) => rgb.slice(0, 3)
    .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4))
    .reduce((sum, n, k) => sum + n * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const paper = channels(getComputedStyle(at).backgroundColor);
      if ((paper[3] ?? 1) > 0) return paper;
    }
    return [1, 1, 1];
  };
  let least = { ratio: 21, text: '' };
  const code = 'div.fragment *, .sides *, .source *, .bar *';
  for (const one of document.querySelectorAll(where ?? code)) {
    const text = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.data).join('').trim();
    if (!text || one.getClientRects().length === 0) continue;  // such as a tooltip that is hidden
    const [low, high] = [channels(getComputedStyle(one).color), behind(one)].map(luminance)
      .sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least.ratio) least = { ratio, text: `${text}, ${one.className || one.tagName}` };
  }
  return least;
}

// Code can be read in both themes: 4.5 to 1 is what is asked of text.
async function colours(page) {
  demand(plan.code.length > 0, 'the plan has no page with code');
  for (const file of plan.code) {
    await open(page, file);
    const unfold = page.getByRole('button', { name: 'Unfold all files' });
    if (await unfold.count() > 0) await unfold.click();
    const { ratio, text } = await page.evaluate(faintest);
    demand(text, `${file}: shows no code`);
    demand(ratio >= 4.5, `${file}: the contrast of '${text}' is ${ratio.toFixed(2)}`);
  }
}

export default {
  dark: (browser) => inWindow(browser, 'light', dark),
  colours: async (browser) => {
    for (const theme of ['light', 'dark']) await inWindow(browser, theme, colours);
  },
};
