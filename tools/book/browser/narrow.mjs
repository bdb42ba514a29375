// A phone and a tablet: whole words, tables as cards, pictures that scroll whole, tint of lines.

import { demand, inWindow, open, plan } from './window.mjs';

// The lines that a part of a text stands on, and how wide it is.
function extent(node, start, length) {
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(node, start + length);
  const parts = [...range.getClientRects()].filter((part) => part.width > 0);
  return { wide: parts.reduce((sum, part) => sum + part.width, 0),
    lines: new Set(parts.map((part) => Math.round(part.top))).size };
}

// Words that end in the next line although what stands between two blanks would fit into one.
function broken() {
  const found = [];
  const walk = document.createTreeWalker(
    document.querySelector('.contents, main'), NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    if (node.parentElement.closest('.fragment, .sides, svg, [hidden]')) continue;
    let block = node.parentElement;
    while (getComputedStyle(block).display === 'inline') block = block.parentElement;
    for (const run of node.data.matchAll(/\S+/g)) {
      const whole = extent(node, run.index, run[0].length);
      if (whole.lines < 2 || whole.wide > block.clientWidth - 40) continue;
      for (const word of run[0].matchAll(/[\p{Script=Latin}\p{N}_]{2,}/gu)) {
        const { lines } = extent(node, run.index + word.index, word[0].length);
        if (lines > 1) found.push(word[0]);
      }
    }
  }
  return found;
}

// What is cut off: a cell that is wider than its table, a table or picture that does not scroll.
function cut() {
  const found = [];
  const shadowed = (box) => getComputedStyle(box).backgroundImage.includes('gradient');
  const scrolls = (box) => getComputedStyle(box).overflowX === 'auto' && shadowed(box);
  for (const box of document.querySelectorAll('.contents div.table')) {
    if (box.scrollWidth > box.clientWidth + 1 && !scrolls(box)) found.push('a table is cut');
  }
  for (const table of document.querySelectorAll('.contents table.markdownTable')) {
    if (!table.closest('div.table')) found.push('a table has no frame');
    for (const cell of table.querySelectorAll('td')) {
      if (cell.clientWidth < cell.scrollWidth - 1) found.push(`cell ${cell.textContent.trim()}`);
    }
  }
  for (const box of document.querySelectorAll('.contents div.figure')) {
    if (box.scrollWidth <= box.clientWidth + 1) continue;
    const hint = box.parentElement.querySelector('.hint');
    if (!scrolls(box)) found.push('a picture is cut');
    if (!hint?.offsetWidth) found.push('nothing says that a picture scrolls');
  }
  return found;
}

// On a screen that is too narrow for columns each cell of a card says what it is.
function unlabelled() {
  return [...document.querySelectorAll('.contents div.table')]
    .filter((box) => box.clientWidth <= 720)
    .flatMap((box) => [...box.querySelectorAll('td')])
    .filter((cell) => getComputedStyle(cell.parentElement).display !== 'block'
      || (cell.dataset.label && !getComputedStyle(cell, '::before').content.includes(
        cell.dataset.label)) || cell.dataset.label === undefined)
    .map((cell) => cell.textContent.trim());
}

// Lines whose tint ends before the widest line of their block does.
function short() {
  const found = [];
  for (const block of document.querySelectorAll('.contents .fragment.diff')) {
    const lines = [...block.querySelectorAll('.line')].filter((line) => line.offsetWidth > 0);
    const widest = Math.max(...lines.map((line) => line.scrollWidth));
    for (const line of lines.filter((one) => one.matches('.added, .removed'))) {
      if (line.offsetWidth < widest - 1) found.push(line.textContent.trim());
    }
  }
  return found;
}

async function narrow(page) {
  demand(plan.narrow.length > 0, 'the plan has no page for narrow screens');
  for (const file of plan.narrow) {
    await open(page, file);
    await page.evaluate(`window.extent = ${extent}`);
    for (const [what, judge] of [['breaks', broken], ['cuts', cut],
      ['has no label for', unlabelled], ['tints too little of', short]]) {
      const [first, ...more] = await page.evaluate(judge);
      demand(!first, `${file}: ${what} '${first}' and ${more.length} more`);
    }
  }
}

export default {
  narrow: async (browser) => {
    for (const screen of ['phone', 'tablet']) await inWindow(browser, screen, narrow);
  },
};
