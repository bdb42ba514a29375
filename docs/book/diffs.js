// Pages of two states side by side: folding, the list of the files, the way from change to change.
(() => {
  const files = [...document.querySelectorAll('details.file')];
  const changes = [...document.querySelectorAll('[data-change]')];
  const panel = document.querySelector('.panel');
  const list = document.querySelector('.panel .list');
  const said = document.querySelector('.panel output');
  const frame = document.querySelector('header.frame');
  const wide = matchMedia('(min-width: 1200px)');
  let at = -1;  // the change that one was led to

  // What stays on top covers what is below it; as wide, the panel stands beside it.
  const measure = () => {
    const sticks = frame && ['sticky', 'fixed'].includes(getComputedStyle(frame).position);
    const top = sticks ? frame.offsetHeight : 0;
    const go = wide.matches ? 0 : panel.querySelector('.go').offsetHeight
      + list.querySelector('summary').offsetHeight;
    document.documentElement.style.setProperty('--top', `${top}px`);
    document.documentElement.style.setProperty('--covered', `${top + go}px`);
  };
  const arrange = () => {
    list.open = wide.matches;
    measure();
  };

  // The file that is under the eye is marked in the list, which scrolls along.
  const covered = () =>
    parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--covered')) || 0;
  const mark = () => {
    const line = covered() + 40;
    const here = files.findLast((file) => file.getBoundingClientRect().top <= line) ?? files[0];
    if (!here) return;
    for (const link of list.querySelectorAll('a')) {
      const current = link.hash === `#${here.id}`;
      if (current === link.hasAttribute('aria-current')) continue;
      link.toggleAttribute('aria-current', current);
      if (current) link.setAttribute('aria-current', 'true');
      if (current && list.open && list.scrollHeight > list.clientHeight) {
        list.scrollTop = link.offsetTop - list.clientHeight / 2;
      }
    }
    list.querySelector('.here').textContent = here.querySelector('summary code').textContent;
  };

  // From change to change; one that is folded is unfolded.
  const told = (change) => {
    const before = change.previousElementSibling;
    return before?.matches('.told') ? before : change;
  };
  // Seen from where one has scrolled to, if the last one is out of sight.
  const following = (by) => {
    const box = (change) => change.getBoundingClientRect();
    const seen = (change) => box(change).bottom > covered() && box(change).top < innerHeight;
    if (at < 0 ? scrollY === 0 : seen(changes[at])) return at + by;
    const shown = (change) => box(change).height > 0;
    return by > 0
      ? changes.findIndex((change) => shown(change) && box(change).top > covered() + 8)
      : changes.findLastIndex((change) => shown(change) && box(change).top < covered());
  };
  const go = (by) => {
    const next = Math.min(Math.max(following(by), 0), changes.length - 1);
    if (!changes[next]) return;
    changes[at]?.classList.remove('at');
    at = next;
    changes[at].closest('details.file').open = true;
    changes[at].classList.add('at');
    changes[at].focus({ preventScroll: true });
    told(changes[at]).scrollIntoView({ block: 'start' });
    const name = changes[at].closest('details.file').querySelector('summary code').textContent;
    said.textContent = `${at + 1} of ${changes.length}`;
    said.title = name;
  };

  for (const button of document.querySelectorAll('button[data-open]')) {
    button.addEventListener('click', () => {
      for (const file of files) file.open = button.dataset.open === 'true';
    });
  }
  for (const button of document.querySelectorAll('button[data-go]')) {
    button.addEventListener('click', () => go(Number(button.dataset.go)));
  }
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
    const by = { n: 1, p: -1 }[event.key];
    if (by) go(by);
  });
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const file = target?.closest('details.file');
    if (!file) return;
    file.open = true;
    target.scrollIntoView();
    const below = changes.findIndex((change) => told(change) === target);
    if (below >= 0) at = below;
  };
  list.addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (!link) return;
    if (!wide.matches) list.open = false;
    if (link.hash === location.hash) unfold();
  });
  let asked = false;
  addEventListener('scroll', () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      mark();
    });
  }, { passive: true });
  addEventListener('resize', measure);
  addEventListener('hashchange', unfold);
  wide.addEventListener('change', arrange);
  said.textContent = `${changes.length} changes`;
  arrange();
  unfold();
  mark();
})();
