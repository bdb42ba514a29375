// The shell of every page: the menu, the button for light and dark, and the keys.
//
// It runs in the head of a page, so that the menu is open or folded before anything is shown. The
// menu's entries are in book-menu.js, that of a reference's in reference-menu.js: lists of
// [title, file, what is below it].
(() => {
  const page = document.documentElement;
  const wide = page.classList.contains('wide');
  const kept = wide ? 'menu-wide' : 'menu-text';  // on wide pages it is wanted at other times
  const over = matchMedia('(max-width: 999px)');  // the menu covers the page

  // Scrolls the menu to the current page's entry, if that is out of sight.
  function reveal() {
    const menu = document.getElementById('book-menu');
    const current = menu?.querySelector('[aria-current]');
    const below = current ? current.offsetTop - menu.clientHeight * 0.8 : 0;
    if (below > menu?.scrollTop) menu.scrollTop = below + menu.clientHeight / 2;
  }

  function show(open) {
    page.classList.toggle('menu-open', open);
    document.querySelector('.menu-button')?.setAttribute('aria-expanded', String(open));
    if (open) reveal();
  }
  show(!over.matches && (localStorage.getItem(kept) ?? String(!wide)) === 'true');

  // Where the page is in the book, and where its menu's addresses are counted from.
  function place() {
    const root = document.querySelector('header.frame').dataset.root;
    const parts = location.pathname.split('/').slice(root ? -2 : -1);
    if (!parts.at(-1)) parts[parts.length - 1] = 'index.html';
    return { root, here: decodeURIComponent(parts.join('/')) };
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // The button that unfolds what is below an entry: its whole title, or a sign beside the link.
  function unfolder(title, list, open) {
    const button = element('button', { type: 'button', 'aria-expanded': String(open) });
    list.hidden = !open;
    button.addEventListener('click', () => {
      list.hidden = !list.hidden;
      button.setAttribute('aria-expanded', String(!list.hidden));
    });
    return button;
  }

  // An entry, and whether the current page is it, or below it.
  function entry([title, file, below], at) {
    const item = element('li', {});
    const link = file && element('a', { href: at.root + file }, title);
    const holds = file === at.here || file === at.within;
    if (holds) link.setAttribute('aria-current', file === at.here ? 'page' : 'true');
    if (!below) return { item: element('li', {}, link), holds };
    const inner = list(below, at);
    const button = unfolder(title, inner.made, inner.holds || holds || title === 'Chapters');
    if (link) button.setAttribute('aria-label', `What is below ${title}`);
    else button.append(title);
    item.append(element('div', { class: 'row' }, button, link ?? ''), inner.made);
    return { item, holds: holds || inner.holds };
  }

  function list(entries, at) {
    const found = entries.map((each) => entry(each, at));
    return { made: element('ul', {}, ...found.map((each) => each.item)),
      holds: found.some((each) => each.holds) };
  }

  function files(entries) {
    return entries.flatMap(([, file, below]) => [file, ...files(below ?? [])]).filter(Boolean);
  }

  // A page that is in no menu belongs to the one that it leads back to.
  function owner(at, all) {
    if (all.includes(at.here)) return at.here;
    const links = [...document.querySelectorAll('nav.way a')].map((a) => a.getAttribute('href'));
    return links.map((href) => href.slice(at.root.length)).find((file) => all.includes(file));
  }

  // The entries with a reference's own list below its title.
  function withReference(entries, file, own) {
    return entries.map(([title, to, below]) => (to === file ? [title, to, own]
      : [title, to, ...(below ? [withReference(below, file, own)] : [])]));
  }

  function fill(menu) {
    const at = place();
    const own = window.bookMenus['reference-menu'];
    let entries = window.bookMenus['book-menu'];
    if (own) entries = withReference(entries, `${at.here.split('/')[0]}/index.html`, own);
    at.within = owner(at, files(entries));
    menu.replaceChildren(list(entries, at).made);
    reveal();
  }

  function theme(button) {
    button.updateIcon();
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      button.toggleDarkMode();
    });
  }

  // The page before or after: the one that this page names, or as the menu has them.
  function neighbour(rel) {
    const named = document.querySelector(`a[rel=${rel}]`);
    const at = place();
    if (named || document.querySelector('a[rel=prev], a[rel=next]')) return named?.href;
    const all = files(window.bookMenus?.['book-menu'] ?? []);
    const k = all.indexOf(at.here);
    const file = k < 0 ? undefined : all[k + (rel === 'next' ? 1 : -1)];
    return file && at.root + file;
  }

  const RELS = { ArrowLeft: 'prev', ArrowRight: 'next' };
  const REPLAY = '#recording';  // there these keys step

  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const focus = document.activeElement;
    const free = !focus || focus === document.body;
    if (event.key === '/' && (free || !focus.matches('input, textarea, select'))) {
      event.preventDefault();
      document.getElementById('search').focus();
    } else if (event.key === 'Escape' && over.matches) {
      show(false);
    } else if (RELS[event.key] && free && !event.shiftKey && !document.querySelector(REPLAY)) {
      const href = neighbour(RELS[event.key]);
      if (href) location.href = href;
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    fill(document.getElementById('book-menu'));
    theme(document.querySelector('header.frame doxygen-awesome-dark-mode-toggle'));
    const button = document.querySelector('.menu-button');
    show(page.classList.contains('menu-open'));
    button.addEventListener('click', () => {
      show(!page.classList.contains('menu-open'));
      if (!over.matches) localStorage.setItem(kept, page.classList.contains('menu-open'));
    });
    over.addEventListener('change', () => { if (over.matches) show(false); });
  });
  document.addEventListener('keydown', pressed);
})();
