// Moves through the steps of a page: by buttons, keys, slider and address, and by itself.
//
//   player(count, marks, show, first): show(k) shows step k, from 0; marks are lists of steps,
//   by kind, to jump to; first is where a page begins that plays by itself.
//
// `#12` in the address is step 12. `#embed` and `#embed-12` show the player alone and let it
// play, for a frame in another page; `#beside-12` lets that page move it, by its address.
const player = (count, marks, show, first = 0) => {
  const at = (id) => document.getElementById(id);
  const PACE = 1100;  // ms for a step while it plays
  const RUN = 600;  // ms: steps that follow each other faster are one entry in the history
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const [, frame = '', start] = location.hash.match(/^#(?:(embed|beside)-?)?(\d*)$/) ?? [];
  const clamp = (k) => Math.max(0, Math.min(count - 1, k));
  let now = -1;

  // The address

  let written = 0;
  let late = null;
  const mark = (push) => {
    clearTimeout(late);
    const address = `#${frame}${frame && '-'}${now + 1}`;
    const quick = Date.now() - written < RUN;
    written = Date.now();
    if (quick) late = setTimeout(() => history.replaceState(null, '', address), RUN / 4);
    else history[push ? 'pushState' : 'replaceState'](null, '', address);
  };
  const asked = () => clamp(Number(location.hash.match(/\d+$/)) - 1);

  // Where it is

  const before = (kind) => (marks[kind] ?? []).findLast((k) => k < now);
  const behind = (kind) => (marks[kind] ?? []).find((k) => k > now);
  const buttons = () => {
    at('first').disabled = at('back').disabled = now === 0;
    at('next').disabled = at('last').disabled = now === count - 1;
    for (const kind of Object.keys(marks)) {
      at(`${kind}-back`).disabled = before(kind) === undefined;
      at(`${kind}-next`).disabled = behind(kind) === undefined;
    }
  };
  const go = (k) => {
    now = clamp(k);
    at('step').textContent = `${now + 1} of ${count}`;
    at('slider').value = now + 1;
    at('whole').href = `#${now + 1}`;
    buttons();
    show(now);
  };

  // By itself

  let timer = null;
  const pause = () => {
    clearInterval(timer);
    timer = null;
    at('play').textContent = 'Play';
    at('says')?.setAttribute('aria-live', 'polite');
  };
  const tick = () => {
    if (document.hidden || !seen) return;
    if (now < count - 1) go(now + 1);
    else if (frame) go(first);
    else return pause();
    mark(false);
  };
  const run = () => {
    clearInterval(timer);
    timer = setInterval(tick, PACE / Number(at('pace').value));
  };
  const play = () => {
    if (timer !== null) return pause();
    if (now === count - 1) go(0);
    at('play').textContent = 'Pause';
    at('says')?.setAttribute('aria-live', 'off');
    run();
  };

  // By hand

  const move = (k) => {
    pause();
    if (k === undefined || clamp(k) === now) return;
    go(k);
    mark(true);
  };
  const moves = { first: () => move(0), back: () => move(now - 1), play,
    next: () => move(now + 1), last: () => move(count - 1) };
  for (const kind of Object.keys(marks)) {
    moves[`${kind}-back`] = () => move(before(kind));
    moves[`${kind}-next`] = () => move(behind(kind));
  }
  for (const [name, act] of Object.entries(moves)) at(name).addEventListener('click', act);
  at('slider').addEventListener('input', (event) => move(event.target.value - 1));
  at('pace').addEventListener('change', () => timer !== null && run());
  const help = () => at('keys').toggleAttribute('open');
  const keys = { Home: moves.first, ArrowLeft: moves.back, ' ': play, ArrowRight: moves.next,
    End: moves.last, '?': help };
  for (const kind of Object.keys(marks)) {
    keys[kind[0]] = moves[`${kind}-next`];
    keys[kind[0].toUpperCase()] = moves[`${kind}-back`];
  }
  // Whether a key is for what has the focus: a field, or a button that Space presses.
  const elsewhere = (event) => {
    const field = 'select, textarea, input:not([type=range]), [contenteditable]';
    const pressed = 'button, summary, a, [role=button]';
    return event.target.closest(event.key === ' ' ? `${field}, ${pressed}` : field);
  };
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return at('keys').removeAttribute('open');
    if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.defaultPrevented || elsewhere(event)) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener('hashchange', () => {
    clearTimeout(late);
    if (asked() === now) return;
    pause();
    go(asked());
  });

  // In another page's frame: nothing but the player, and the theme of that page.

  let seen = true;
  const alone = () => {
    const whole = document.documentElement;
    whole.classList.add('in-frame', frame);
    for (let one = at('embed'); one !== document.body; one = one.parentElement) {
      for (const other of one.parentElement.children) if (other !== one) other.hidden = true;
    }
    const watch = new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; });
    watch.observe(document.body);
    addEventListener('message', ({ data }) => {  // { dark: true } or { dark: false }
      if (typeof data?.dark !== 'boolean') return;
      whole.classList.toggle('dark-mode', data.dark);
      whole.classList.toggle('light-mode', !data.dark);
    });
  };

  if (frame) alone();
  go(start ? Number(start) - 1 : frame ? first : 0);
  if (frame === 'embed' && !still) play();
  return move;
};
