// What a replay can do beside stepping: its panes, address, jumps, speed, frame, and pairs.

import { demand, inWindow, open, plan, words } from './window.mjs';

const DESK = { width: 1440, height: 900 };
const text = async (page, name) => words(await page.locator(name).innerText());
const step = async (page) => Number((await text(page, '#step')).split(' ')[0]);
const at = async (page, wanted, what) => {
  const now = await step(page);
  demand(now === wanted, `${what} leads to step ${now}, not ${wanted}`);
};

// A clock that only goes when it is told to.
async function still(page) {
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(60000);
}

// In the page: what of a step is not in sight, or shows another place than the recording's.
function hidden(roomy) {
  const data = JSON.parse(document.getElementById('recording').textContent);
  const found = [];
  const note = (k, is, what) => is || found.push(`at step ${k + 1} ${what}`);
  const inside = (one, box) => {
    const [a, b] = [one.getBoundingClientRect(), box];
    return a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  };
  const view = { top: 0, bottom: innerHeight };
  const pane = (k, name, wanted, line) => {
    const current = document.querySelector(`#${name} .current`);
    note(k, current !== null, `no line of #${name} is marked`);
    if (!current) return;
    const box = current.parentElement.getBoundingClientRect();
    note(k, inside(current, view) && inside(current, box), `#${name} is below the fold`);
    const shown = document.querySelector(`#${name} .file code`).textContent;
    const expected = document.createElement('div');
    expected.innerHTML = data.functions[wanted].html[line];
    note(k, shown === wanted && current.textContent.trim() === expected.textContent.trim(),
      `#${name} shows ${shown}, not ${wanted}, or another line of it`);
  };
  data.steps.forEach(({ at: frames }, k) => {
    if (k) document.getElementById('next').click();
    const loop = frames.find(([name]) => name === data.loop);
    if (loop) pane(k, 'code', ...loop);
    const last = frames.at(-1);
    if (last && last[0] !== data.loop) pane(k, 'inner', ...last);
    for (const name of ['map', 'queues', 'heap', ...roomy ? ['says'] : []]) {
      const one = document.getElementById(name);
      const panel = one.closest('.panel');
      if (panel.hidden) continue;
      note(k, inside(one, view), `#${name} is below the fold`);
      note(k, panel.scrollHeight <= panel.clientHeight + 1, `#${name} is cut`);
    }
  });
  return found;
}

// On a desk, code and state are in sight together, at each step; so is the function that runs.
async function panes(page) {
  for (const file of plan.replays) {
    for (const width of [DESK.width, 1160]) {  // with a menu at its side there is less room
      await page.setViewportSize({ ...DESK, width });
      await open(page, file);
      const [first] = await page.evaluate(hidden, width === DESK.width);
      demand(!first, `${file}, ${width} wide: ${first}`);
    }
  }
  const [file] = plan.replays;
  await open(page, `${file}#20`);
  const callers = page.locator('#inner .path button');
  await callers.nth(0).click();
  const shown = [await callers.nth(0).getAttribute('title'), await text(page, '#inner .file code')];
  demand(shown[0] === shown[1], `${file}: the caller ${shown[0]} is not shown, but ${shown[1]}`);
}

// `#n` is a step: as a link, with the ways back and forward, and while it plays.
async function address(page) {
  const file = plan.replays[0];
  const hash = () => page.evaluate(() => location.hash);
  const entries = () => page.evaluate(() => history.length);
  await still(page);
  await open(page, `${file}#12`);
  await at(page, 12, `${file}#12`);
  const start = await entries();
  await page.keyboard.press('ArrowRight');
  demand(await hash() === '#13', `${file}: the address says ${await hash()} at step 13`);
  await page.clock.runFor(2000);
  await page.keyboard.press('t');
  const there = await step(page);
  demand(await hash() === `#${there}`, `${file}: the address says ${await hash()} at ${there}`);
  const added = await entries() - start;
  demand(added === 2, `${file}: two moves are ${added} entries of the history`);
  for (const [way, wanted] of [['goBack', 13], ['goBack', 12], ['goForward', 13]]) {
    await page[way]();
    await at(page, wanted, `${file}: ${way}`);
  }
  const before = await entries();
  await page.keyboard.press(' ');
  await page.clock.runFor(5000);
  const played = await step(page);
  demand(played > 13 && await hash() === `#${played}`, `${file}: plays to ${played}, the address `
    + `says ${await hash()}`);
  demand(await entries() === before, `${file}: playing has filled the history`);
  await open(page, `${file}#100000`);
  await page.keyboard.press('ArrowLeft');
  demand(await step(page) > 1, `${file}: a step behind the last is not the last`);
}

// In the page: where a key or a button leads to another step than it says.
function astray() {
  const { bases } = JSON.parse(document.getElementById('recording').textContent);
  const at = (id) => document.getElementById(id);
  const press = (key) => document.body.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true }));
  const turn = () => Number(at('where').textContent.match(/turn (\d+)/)?.[1] ?? 0);
  const several = Object.keys(bases).length > 1;
  const step = () => at('slider').value;
  const kinds = {
    turn: (last) => turn() === last + 1 || (several && turn() > 0),
    callback: () => document.querySelector('#inner .path button:last-child').title
      === 'event_base::call',
    sleep: () => at('where').textContent.includes('asleep'),
  };
  for (const [kind, isThere] of Object.entries(kinds)) {
    press('Home');
    const seen = [];
    while (!at(`${kind}-next`).disabled) {
      const last = turn();
      press(kind[0]);
      if (!isThere(last)) return `${kind[0]} leads to step ${step()}, where there is no ${kind}`;
      seen.push(step());
    }
    for (const wanted of seen.slice(0, -1).reverse()) {
      at(`${kind}-back`).click();
      if (step() !== wanted) return `back to a ${kind} leads to ${step()}, not ${wanted}`;
    }
  }
  return '';
}

// By keys and by buttons to each turn, callback and sleep; the help says so.
async function jumps(page) {
  for (const file of plan.replays) {
    await open(page, file);
    const found = await page.evaluate(astray);
    demand(!found, `${file}: ${found}`);
  }
  const rows = page.locator('#keys dl');
  for (const [key, wanted] of [['?', true], ['Escape', false]]) {
    await page.keyboard.press(key);
    demand(await rows.isVisible() === wanted, `${key} does not show or hide the help`);
  }
}

// At four times the speed it plays four steps in the time of one.
async function speed(page) {
  await still(page);
  for (const pace of ['1', '4', '0.5']) {
    await open(page, plan.replays[0]);
    await page.locator('#pace').selectOption(pace);
    await page.locator('#play').click();
    await page.clock.runFor(4500);
    await at(page, 1 + 4 * Number(pace), `speed ${pace}`);
  }
}

// In a frame it is alone, plays by itself, and rests where no motion is wanted.
async function frame(page) {
  const file = plan.replays[2];
  await page.setViewportSize({ width: 900, height: 500 });
  await still(page);
  for (const reducedMotion of ['no-preference', 'reduce']) {
    await page.goto('about:blank');
    await page.emulateMedia({ reducedMotion });
    await open(page, `${file}#embed-20`);
    await page.clock.runFor(2500);
    const moved = await step(page) - 20;
    demand(moved === (reducedMotion === 'reduce' ? 0 : 2),
      `${file}#embed: moves by ${moved} with motion: ${reducedMotion}`);
  }
  for (const [name, wanted] of [['header.frame', false], ['h1', false], ['#slider', false],
    ['.text', false], ['#play', true], ['#code .current', true], ['#queues', true],
    ['#heap', true]]) {
    const is = await page.locator(name).first().isVisible();
    demand(is === wanted, `${file}#embed: ${name} is ${is ? '' : 'not '}to be seen`);
  }
  const whole = page.locator('#whole');
  demand(/#20$/.test(await whole.getAttribute('href')), `${file}#embed: no way to the whole`);
  const high = await page.evaluate(() => document.scrollingElement.scrollHeight);
  demand(high <= 500, `${file}#embed: is ${high} pixels high in a frame of 500`);
}

// Two replays step together, each where the list of both says, in light and dark.
async function pairs(page) {
  demand(plan.pairs.length > 0, 'the plan has no pair of replays');
  for (const file of plan.pairs) {
    await open(page, file);
    const { rows } = JSON.parse(await page.locator('#recording').textContent());
    const sides = ['one', 'other'].map((id) => page.frameLocator(`#${id} iframe`));
    const places = [...rows.keys()].filter((k) => k < 8 || k % 20 === 0 || k === rows.length - 1);
    for (const k of file === plan.pairs[0] ? places : [20]) {
      await page.evaluate((row) => { location.hash = row + 1; }, k);
      for (const [side, inner] of sides.entries()) {
        const last = rows.slice(0, k + 1).findLast((row) => row[side] !== null)?.[side] ?? 0;
        await inner.locator('#step', { hasText: new RegExp(`^${last + 1} of`) })
          .waitFor({ state: 'attached', timeout: 8000 })
          .catch(() => demand(false, `${file}: at row ${k + 1} side ${side + 1} is not at step `
            + `${last + 1}`));
        const waits = await page.locator('.side').nth(side).evaluate((one) =>
          one.classList.contains('waits'));
        demand(waits === (rows[k][side] === null), `${file}: row ${k + 1} says wrongly who waits`);
      }
    }
    const toggle = page.locator('doxygen-awesome-dark-mode-toggle').first();
    await toggle.click();
    await sides[1].locator('html.dark-mode').waitFor({ state: 'attached', timeout: 8000 })
      .catch(() => demand(false, `${file}: the frames stay light in the dark`));
    await toggle.click();
  }
}

// In a replay: the first of these links' addresses that does not show the function it names.
async function mistaken(links) {
  for (const { from, href, name } of links) {
    const hash = `#${href.split('#')[1]}`;
    if (location.hash !== hash) {
      const there = new Promise((done) => {
        addEventListener('hashchange', done, { once: true });
      });
      location.hash = hash;
      await there;
    }
    const callers = [...document.querySelectorAll('#inner .path button')].map((one) => one.title);
    if (`#${document.getElementById('slider').value}` !== hash || !callers.includes(name)) {
      return `${from}: ${href} does not show ${name}`;
    }
  }
  return '';
}

// Each link of a chapter to a replay leads to a step at which the function runs that it names.
async function moments(page) {
  const links = [];
  for (const { file } of plan.chapters.filter((one) => one.file.startsWith('step'))) {
    await open(page, file);
    links.push(...await page.locator('p.watch a').evaluateAll((all, from) => all.map((one) =>
      ({ from, href: one.getAttribute('href'), name: one.querySelector('code').textContent })),
    file));
  }
  demand(links.length > 50, `only ${links.length} blocks of code lead to where they run`);
  for (const file of plan.replays) {
    const own = links.filter(({ href }) => href.startsWith(file));
    await open(page, file);
    const found = await page.evaluate(mistaken, own);
    demand(!found, found);
  }
}

// On a phone code and state are in sight together, above the buttons; a tab shows each panel.
async function hands(page) {
  for (const file of plan.replays) {
    await open(page, file);
    const { marks } = JSON.parse(await page.locator('#recording').textContent());
    await open(page, `${file}#${marks.turn[0] + 1}`);
    const [code, state, bar] = await Promise.all(['#code .current', '#map', '.controls'].map(
      (name) => page.locator(name).boundingBox()));
    demand(code && state, `${file}: the code or the state is not to be seen`);
    demand(code.y > 40 && code.y + code.height < state.y,
      `${file}: the code is not above the state`);
    demand(state.y + 60 < bar.y, `${file}: the state is below the buttons`);
    for (const name of ['inner', 'queues', 'calls', 'map', 'code']) {
      await page.locator(`.tabs [data-panel=${name}]`).tap();
      const box = await page.locator(`#${name}`).boundingBox();
      demand(box && box.y < bar.y, `${file}: the tab of ${name} does not show it`);
    }
  }
}

export default {
  panes: (browser) => inWindow(browser, 'light', panes),
  address: (browser) => inWindow(browser, 'light', address),
  jumps: (browser) => inWindow(browser, 'light', jumps),
  speed: (browser) => inWindow(browser, 'dark', speed),
  frame: (browser) => inWindow(browser, 'dark', frame),
  pairs: (browser) => inWindow(browser, 'light', pairs),
  moments: (browser) => inWindow(browser, 'light', moments),
  hands: (browser) => inWindow(browser, 'phone', hands),
};
