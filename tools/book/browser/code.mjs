// Code in the pages: the bars of what is told, what names lead to, and what must not be shown.

import { demand, inWindow, open, plan, words } from './window.mjs';

// Every told block has a bar with file and line; its ways lead to that line, and to where the
// pages of diffs show the block, from where a way leads back.
async function bars(page) {
  demand(plan.told.length > 0, 'the plan has no told block');
  for (const { file, blocks } of plan.told) {
    await open(page, file);
    const found = await page.locator('.told-block > .bar').evaluateAll((all) => all.map((bar) => ({
      text: bar.innerText.replace(/\s+/g, ' '),
      ways: [...bar.querySelectorAll('.ways a')].map((way) => way.getAttribute('href')),
      told: bar.parentElement.querySelector('.fragment')?.id,
    })));
    demand(found.length === blocks.length,
      `${file}: ${found.length} of ${blocks.length} told blocks have a bar`);
    blocks.forEach((block, k) => demand(
      found[k].text.startsWith(block.file) && found[k].text.includes(`line ${block.line} `),
      `${file}: a bar says '${found[k].text}', not ${block.file}, line ${block.line}`));
    await ways(page, file, found[0]);
  }
}

async function ways(page, file, { ways: [source, beside], told }) {
  await open(page, source);
  const line = source.split('#')[1];
  demand(!line || await page.locator(`[id="${line}"]`).count() > 0, `${source}: no such line`);
  await open(page, beside);
  const back = await page.locator(`[id="${beside.split('#')[1]}"]`).getAttribute('href');
  demand(back === `${file}#${told}`, `${file}: a bar leads to ${beside}, which tells of ${back}`);
}

// A name in code leads to what has that name: it is the title there, or stands in what the anchor
// is of.
async function names(page) {
  demand(plan.named.length > 0, 'the plan has no page with names');
  for (const file of plan.named) {
    await open(page, file);
    const found = await page.locator('a.known').evaluateAll((all) =>
      all.map((one) => [one.getAttribute('href'), one.textContent]));
    demand(found.length > 0, `${file}: no name leads anywhere`);
    const places = new Map(found.filter(([href]) => !href.startsWith('libevent-map')));
    const pages = new Map([...places].map(([href]) => [href.split('#')[0], []]));
    for (const [href, name] of places) {
      const [target, anchor] = href.split('#');
      pages.get(target).push([anchor, name]);
    }
    for (const [target, all] of pages) {
      await open(page, target);
      const [name, said] = await page.evaluate(strangers, all) ?? [];
      demand(!name, `${file}: ${name} leads to '${words(said ?? '').slice(0, 60)}' in ${target}`);
    }
  }
}

// The first name that is not said where its anchor is, and what is said there.
function strangers(all) {
  return all.map(([anchor, name]) => {
    const at = anchor && document.getElementById(anchor);
    const whole = at?.closest('.line') ?? at;  // a line of code, or what stands below its anchor
    const said = anchor ? `${whole?.textContent} ${at?.nextElementSibling?.textContent}`
      : document.title;
    return new RegExp(`(^|\\W)${name}(\\W|$)`).test(said) ? null : [name, said];
  }).find(Boolean);
}

// What is on a page's code: markup that is shown, empty lines at ends of blocks, and whether what
// is left out for the eye is there to be copied.
function shown() {
  const blocks = [...document.querySelectorAll('.fragment, .sides')];
  const lines = (block) => [...block.querySelectorAll('.line')]
    .filter((line) => line.getClientRects().length > 0);
  const copied = (block) => {
    const copy = block.cloneNode(true);
    for (const one of copy.querySelectorAll('.lineno, .ttc')) one.remove();
    return copy.textContent;
  };
  return {
    markup: blocks.map((block) => block.innerText.match(/\\libevent\{[^}]*\}?/)?.[0]).find(Boolean),
    ties: [...document.querySelectorAll('.tie')].filter((tie) => tie.offsetWidth > 0).length,
    copied: blocks.some((block) => copied(block).includes('\\libevent{')),
    empty: blocks.filter((block) => block.matches('.cpp')).map(lines)
      .filter((all) => all.length > 0 && !all.at(-1).innerText.trim()).length,
  };
}

async function markup(page) {
  demand(plan.ties.length > 0, 'the plan has no page with ties to libevent');
  for (const file of plan.ties) {
    await open(page, file);
    const unfold = page.getByRole('button', { name: 'Unfold all files' });
    if (await unfold.count() > 0) await unfold.click();
    const found = await page.evaluate(shown);
    demand(!found.markup, `${file}: shows ${found.markup}`);
    demand(found.ties > 0, `${file}: shows no name of libevent's`);
    demand(found.copied, `${file}: what is copied lacks what the code says of libevent`);
    demand(found.empty === 0, `${file}: ${found.empty} blocks end in an empty line`);
  }
}

export default {
  bars: (browser) => inWindow(browser, 'light', bars),
  names: (browser) => inWindow(browser, 'light', names),
  markup: (browser) => inWindow(browser, 'light', markup),
};
