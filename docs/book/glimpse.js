// Shows two turns of a recorded run on the front page, one step after the other: by itself while
// it is in view, unless one pauses it, or wants no motion.
(() => {
  const PACE = 2000;  // ms for a step
  const box = document.getElementById('glimpse');
  const all = (selector) => [...box.querySelectorAll(selector)];
  const [states, says, lines] = ['g.frame', '.glimpse-says > li', '.glimpse-code .line'].map(all);
  const [play, at, whole] = ['.glimpse-play', '.glimpse-at', '.glimpse-ways a']
    .map((selector) => box.querySelector(selector));
  const words = box.querySelector('.glimpse-says');
  let now = 0;
  let seen = false;
  let wanted = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  let timer = null;

  const show = (k) => {
    now = (k + says.length) % says.length;
    const { step, line } = says[now].dataset;
    states.forEach((state, i) => state.classList.toggle('now', i === now));
    says.forEach((text, i) => { text.hidden = i !== now; });
    lines.forEach((text, i) => {
      text.classList.toggle('running', String(i) === line);
      text.toggleAttribute('aria-current', String(i) === line);
    });
    at.textContent = `step ${now + 1} of ${says.length}`;
    whole.hash = step;
  };
  const run = () => {
    clearInterval(timer);
    timer = wanted && seen ? setInterval(() => show(now + 1), PACE) : null;
    play.textContent = wanted ? 'Pause' : 'Play';
    words.setAttribute('aria-live', wanted ? 'off' : 'polite');
  };
  const by = (steps) => () => {
    wanted = steps === 0 && !wanted;
    run();
    show(now + steps);
  };

  for (const [name, steps] of [['back', -1], ['play', 0], ['next', 1]]) {
    const button = box.querySelector(`.glimpse-${name}`);
    button.hidden = false;
    button.addEventListener('click', by(steps));
  }
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    run();
  }, { threshold: 0.3 }).observe(box);
  show(0);
  run();
})();
