// The search box of every page. What is found by stands in search-index.js, which tools/book/
// search.py writes; it is loaded when somebody comes to the box.
//
// Names are compared as they are: whole, by their beginning, by a word in them. Text is found by
// lunr, in sections; a section must have all the words, if any has. A word may be unfinished.
(() => {
  const MOST = { names: 5, terms: 3, pages: 5, sections: 3 };
  const SNIPPET = 170;  // letters
  const WORD = /[\p{L}\p{N}_]+/gu;
  const CHINESE = /\p{Script=Han}/u;
  const GLOSSARY = 'glossary.html';
  const STRENGTH = { heading: 6, page: 2, prose: 1, code: 0.4 };
  const box = document.getElementById('search');
  const found = document.getElementById('found');
  const root = document.querySelector('header.frame').dataset.root;
  let book;     // what was loaded
  let loading;  // the promise of it

  function script(name) {
    return new Promise((resolve, reject) => {
      const made = document.createElement('script');
      made.src = root + name;
      made.onload = resolve;
      made.onerror = () => reject(new Error(name));
      document.head.append(made);
    });
  }

  async function load() {
    await Promise.all([script('lunr.js'), script('search-index.js')]);
    book = window.bookIndex;
    book.lunr = lunr.Index.load(book.index);
  }

  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const stemmed = (word) => lunr.stemmer(new lunr.Token(word)).toString();

  function element(tag, name, ...children) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...children);
    return made;
  }

  // How well a name fits, 0 not at all: as a whole, its last part, the beginning of one, a word.
  function fit(name, query) {
    const low = name.toLowerCase();
    const last = low.split('::').at(-1);
    if (low === query) return 6;
    if (last === query) return 5;
    if (low.startsWith(query)) return 4;
    if (last.startsWith(query)) return 3;
    if (low.includes(`_${query}`) || low.includes(`::${query}`)) return 2;
    return query.length > 2 && low.includes(query) ? 1 : 0;
  }

  // The names that fit best; of those that fit alike the shortest.
  function names(query) {
    const wanted = query.trim().toLowerCase().replace(/^evolve::|\(.*$/g, '');
    if (!wanted || /\s/.test(wanted)) return [];
    return book.names.map(([name, places]) => ({ name, places, fits: fit(name, wanted) }))
      .filter((each) => each.fits > 0)
      .sort((a, b) => b.fits - a.fits || a.name.length - b.name.length)
      .slice(0, MOST.names);
  }

  // The words to look for, without those that stand everywhere.
  function words(query) {
    const all = [...new Set(query.toLowerCase().match(WORD) ?? [])];
    const some = all.filter((word) => lunr.stopWordFilter(new lunr.Token(word)));
    return some.length ? some : all;
  }

  function ask(query, word) {
    const fields = Object.entries(STRENGTH);
    for (const [field, boost] of fields) {
      const only = { fields: [field] };
      query.term(word, { ...only, boost: 4 * boost });
      const sides = CHINESE.test(word) ? lunr.Query.wildcard.LEADING | lunr.Query.wildcard.TRAILING
        : lunr.Query.wildcard.TRAILING;
      query.term(word, { ...only, boost, wildcard: sides, usePipeline: false });
    }
  }

  // Whether a word is among the terms that a result was found by.
  function has(terms, word) {
    const stem = stemmed(word);
    return terms.some((term) => term === stem || term.startsWith(word)
      || (CHINESE.test(word) && term.includes(word)));
  }

  // The sections that have all the words, or, if none has, those that have some; best first.
  function sections(wanted) {
    if (!wanted.length) return [];
    const results = book.lunr.query((query) => wanted.forEach((word) => ask(query, word)))
      .map(({ ref, matchData }) => ({ ref, terms: Object.keys(matchData.metadata) }));
    const whole = results.filter(({ terms }) => wanted.every((word) => has(terms, word)));
    return (whole.length ? whole : results).map(({ ref }) => {
      const [page, heading, anchor, prose, code] = book.sections[ref];
      const [title, file] = book.pages[page];
      return { page, title, file, heading, anchor, prose, code };
    });
  }

  // What finds the words in a text, whatever they end in.
  function finder(wanted) {
    const starts = wanted.flatMap((word) => [word, stemmed(word)])
      .sort((a, b) => b.length - a.length).map(escaped);
    const alone = wanted.some((word) => CHINESE.test(word)) ? '' : '(?<![\\p{L}\\p{N}])';
    return new RegExp(`${alone}(?:${starts.join('|')})[\\p{L}\\p{N}]*`, 'giu');
  }

  // Where the piece of a text begins that has the most of the words.
  function best(text, finds) {
    const hits = [...text.matchAll(finds)];
    let most = { count: 0, at: 0 };
    for (const { index } of hits) {
      const near = hits.filter((hit) => hit.index >= index && hit.index < index + SNIPPET - 40);
      const count = new Set(near.map((hit) => hit[0].toLowerCase())).size;
      if (count > most.count) most = { count, at: index };
    }
    return most;
  }

  function marked(text, finds) {
    const out = [];
    let at = 0;
    for (const hit of text.matchAll(finds)) {
      out.push(text.slice(at, hit.index), element('mark', '', hit[0]));
      at = hit.index + hit[0].length;
    }
    return [...out, text.slice(at)];
  }

  // A piece of the prose, or of the code if the words are there alone, with the words marked.
  function snippet({ prose, code }, finds) {
    const inProse = best(prose, finds);
    const inCode = best(code, finds);
    const isCode = inCode.count > inProse.count;
    const [text, { at }] = isCode ? [code, inCode] : [prose || code, inProse];
    const from = at < 60 ? 0 : text.indexOf(' ', at - 50) + 1;
    const cut = text.slice(from, from + SNIPPET).replace(/\s\S*$/, (end) =>
      (from + SNIPPET < text.length ? '' : end));
    const shown = (from ? '… ' : '') + cut + (from + cut.length < text.length ? ' …' : '');
    return element('span', isCode ? 'snippet code' : 'snippet', ...marked(shown, finds));
  }

  function option(href, ...children) {
    const made = element('a', '', ...children);
    made.href = root + href;
    made.setAttribute('role', 'option');
    made.setAttribute('aria-selected', 'false');
    made.tabIndex = -1;
    return made;
  }

  // A name of ours leads to the newest stage that has it, and says in which it is.
  function nameOptions({ name, places }) {
    const isOurs = ([, said]) => /^\d+$/.test(said);
    const found = places.filter((place) => !isOurs(place));
    const ours = places.filter(isOurs);
    const all = [...new Set(ours.map(([, said]) => said))].sort();
    if (ours.length) {
      const newest = ours.find(([, said]) => said === all.at(-1));
      found.unshift([newest[0], `${all.length > 1 ? 'stages' : 'stage'} ${all.join(' ')}`]);
    }
    return found.map(([href, said]) => option(href, element('span', 'name heading', name),
      element('span', 'about', said)));
  }

  // A section; a row of a table has no heading, and what is above a page's first is the page's.
  function sectionOption(section, finds) {
    const heading = section.heading || (section.anchor ? '' : section.title.split(' › ').at(-1));
    const href = section.file + (section.anchor ? `#${section.anchor}` : '');
    const shown = heading ? [element('span', 'heading', ...marked(heading, finds))] : [];
    return option(href, ...shown, snippet(section, finds));
  }

  function group(title, options) {
    if (!options.length) return '';
    const made = element('div', 'group', element('div', 'group-name', title), ...options);
    made.setAttribute('role', 'group');
    made.setAttribute('aria-label', title);
    return made;
  }

  // The sections by page, in the order of the best of each.
  function pages(all, finds) {
    const byPage = Map.groupBy ? Map.groupBy(all, (each) => each.page)
      : all.reduce((map, each) => map.set(each.page, [...(map.get(each.page) ?? []), each]),
        new Map());
    return [...byPage.values()].slice(0, MOST.pages).map((some) => group(some[0].title,
      some.slice(0, MOST.sections).map((each) => sectionOption(each, finds))));
  }

  function show(query) {
    const wanted = words(query);
    const finds = finder(wanted);
    const all = sections(wanted);
    const isTerm = (each) => each.file === GLOSSARY && each.anchor.startsWith('term-');
    const terms = all.filter(isTerm).slice(0, MOST.terms);
    const groups = [group('Names', names(query).flatMap(nameOptions)),
      group('Glossary', terms.map((each) => sectionOption(each, finds))),
      ...pages(all.filter((each) => !isTerm(each)), finds)].filter(Boolean);
    found.replaceChildren(...groups);
    if (!groups.length) say(`Nothing is found for “${query.trim()}”.`);
    options().forEach((each, k) => { each.id = `found-${k}`; });
  }

  const options = () => [...found.querySelectorAll('[role=option]')];
  const selected = () => options().findIndex((one) => one.ariaSelected === 'true');

  function say(text) {
    found.replaceChildren(element('p', '', text));
  }

  function opened(open) {
    found.hidden = !open;
    box.setAttribute('aria-expanded', String(open));
    box.removeAttribute('aria-activedescendant');
  }

  // Shows what is found for what is in the box by now.
  async function search() {
    if (!box.value.trim()) return opened(false);
    opened(true);
    if (!book) say('The index is loaded …');
    try {
      await (loading ??= load());
    } catch (error) {
      return say(`There is no ${error.message}.`);
    }
    if (box.value.trim()) show(box.value);
    return undefined;
  }

  function select(k) {
    const all = options();
    if (!all.length) return;
    const at = (k + all.length) % all.length;
    all.forEach((one, j) => one.setAttribute('aria-selected', String(j === at)));
    box.setAttribute('aria-activedescendant', all[at].id);
    all[at].scrollIntoView({ block: 'nearest' });
  }

  function follow() {
    const all = options();
    const chosen = all[Math.max(selected(), 0)];
    if (!chosen) return;
    opened(false);
    box.blur();
    chosen.click();
  }

  const KEYS = {
    ArrowDown: () => select(selected() + 1),
    ArrowUp: () => select(selected() < 0 ? -1 : selected() - 1),
    Enter: follow,
    Escape: () => { opened(false); box.blur(); },
  };

  box.addEventListener('focus', () => {
    loading ??= load();
    loading.catch(() => {});
    search();
  });
  box.addEventListener('input', search);
  box.addEventListener('keydown', (event) => {
    if (!KEYS[event.key] || event.isComposing) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!event.target.closest('.search')) opened(false);
  });
  found.addEventListener('click', (event) => { if (event.target.closest('a')) opened(false); });
})();
