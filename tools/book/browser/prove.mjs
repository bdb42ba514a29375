// Opens the built book in a real browser, from the file system, and judges what it sees.
//
//   node prove.mjs PLAN.json [CHECK...]
//
// Each check prints a line; the status is 1 if any fails. Those of one kind are in a file of their
// own, which is what prove.py copies beside this one.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import chapters from './chapters.mjs';
import search from './search.mjs';
import shell from './shell.mjs';
import looks from './looks.mjs';
import diffs from './diffs.mjs';
import replays from './replays.mjs';
import replayParts from './replay_parts.mjs';
import phone from './phone.mjs';
import reference from './reference.mjs';
import code from './code.mjs';
import changes from './changes.mjs';
import narrow from './narrow.mjs';
import front from './front.mjs';
import { inWindow, open, plan, SCREENS } from './window.mjs';

// Pictures of what a reader sees, for someone to look at.
async function shots(browser) {
  await mkdir(plan.shots, { recursive: true });
  for (const screen of Object.keys(SCREENS)) {
    await inWindow(browser, screen, async (page) => {
      for (const [name, file] of plan.looks) {
        await open(page, file);
        await page.waitForTimeout(500);  // the side tree unfolds slowly
        await page.screenshot({ path: join(plan.shots, `${name}-${screen}.png`) });
      }
    });
  }
}

const CHECKS = { ...chapters, ...search, ...shell, ...looks, ...diffs, ...replays, ...replayParts,
  ...phone, ...reference, ...code, ...changes, ...narrow, ...front, ...(plan.shots && { shots }) };
const AT_ONCE = 2;  // a window waits for its page more than it works

// Runs a check; the line that says how it went, and whether it failed.
async function judged(browser, name) {
  const start = Date.now();
  let why = '';
  try {
    await CHECKS[name](browser);
  } catch (error) {
    why = `: ${error.message.split('\n')[0]}`;
  }
  const took = ((Date.now() - start) / 1000).toFixed(1).padStart(6);
  console.log(`${why ? 'FAIL' : 'ok  '} ${name.padEnd(10)}${took} s${why}`);
  return why !== '';
}

const chosen = process.argv.slice(3);
const waiting = Object.keys(CHECKS).filter((name) => !chosen.length || chosen.includes(name));
const browser = await chromium.launch({
  executablePath: plan.browser,
  chromiumSandbox: process.getuid() !== 0,  // as root it cannot have one
});
let failed = 0;
async function work() {
  for (let name; (name = waiting.shift());) failed += await judged(browser, name);
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
await browser.close();
process.exit(failed ? 1 : 0);
