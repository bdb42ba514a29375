// Shows a step of a recording, of which the page has all: the code, and the state after the step.
(() => {
  const data = JSON.parse(document.getElementById('recording').textContent);
  const { steps, events, functions } = data;
  const at = (id) => document.getElementById(id);
  const CALLS = 8;  // that are listed

  // el('p', {class: 'x'}, 'text', child): an element. Attributes that are null are left out.
  const make = (space) => (name, attributes = {}, ...children) => {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const el = make('http://www.w3.org/1999/xhtml');
  const svg = make('http://www.w3.org/2000/svg');

  // What each base looks like after each step.
  const states = (() => {
    const known = {};
    return steps.map((step) => {
      if (!step.base) return null;
      known[step.base] = { ...known[step.base], ...step.state };
      return known[step.base];
    });
  })();
  const before = (k) => {
    for (let i = k - 1; i >= 0; --i) if (steps[i].base === steps[k].base) return states[i] ?? {};
    return {};
  };

  // The base that is shown: the one that the step is about, or the last one that a step was about.
  const shown = (k) => {
    for (let i = k; i >= 0; --i) if (states[i]) return i;
    return -1;
  };

  const ms = (us) => `${(us / 1000).toFixed(1)} ms`;
  const chip = (key, k, mark = '', text = events[key].label) => el('span', {
    class: `chip${mark}${states[k]?.running === key ? ' running' : ''}`,
    title: `${events[key].label}, waits for ${events[key].waits}`,
  }, text);
  const nothing = (text) => el('p', { class: 'none' }, text);

  // Source

  const source = (name, line) => {
    const box = el('div', { class: 'source fragment', tabindex: '0', role: 'group',
      'aria-label': name });
    functions[name].html.forEach((text, i) => {
      const row = el('div', { class: `line${i === line ? ' current' : ''}`,
        'aria-current': i === line ? 'true' : null });
      row.innerHTML = text || ' ';
      box.append(row);
    });
    return box;
  };
  const show = (box) => {
    const current = box.querySelector('.current');
    if (current) box.scrollTop = current.offsetTop - box.clientHeight / 2;
  };
  const heading = (name) => el('p', { class: 'file small' }, el('code', {}, name),
    ` in ${functions[name].file}`);

  const code = (k) => {
    const frame = steps[k].at.find(([name]) => name === data.loop);
    const box = source(data.loop, frame ? frame[1] : -1);
    at('code').replaceChildren(heading(data.loop), box);
    show(box);
  };

  // The function that runs, or whichever of its callers one picks.
  const inner = (k, picked = steps[k].at.length - 1) => {
    const frames = steps[k].at;
    if (picked < 0) return at('inner').replaceChildren(nothing('in the library of C'));
    const path = el('p', { class: 'path small' });
    frames.forEach(([name], i) => {
      const last = name.split('::').at(-1);
      const button = el('button', { type: 'button', title: name, 'aria-pressed': i === picked },
        last);
      button.addEventListener('click', () => {
        inner(k, i);
        at('inner').querySelector('[aria-pressed=true]').focus();
      });
      path.append(i ? ' › ' : '', button);
    });
    const [name, line] = frames[picked];
    const own = name !== data.loop;
    at('inner').replaceChildren(path, own ? heading(name) : nothing('the loop itself'));
    path.scrollTop = path.scrollHeight;
    if (own) show(at('inner').appendChild(source(name, line)));
  };

  // State

  const row = (first, cells, changed) => el('tr', { class: changed ? 'changed' : null },
    el('th', { scope: 'row' }, first), ...cells.map((cell) => el('td', {}, ...[cell].flat())));
  const chips = (keys, k) => (keys ?? []).flatMap((key) =>
    [chip(key, k, '', events[key].short), ' ']);
  const numerically = (a, b) => a - b || (a < b ? -1 : 1);

  const table = (headings, rows) => el('table', {}, el('thead', {}, el('tr', {},
    ...headings.map((text) => el('th', { scope: 'col' }, text)))), el('tbody', {}, ...rows));

  const descriptors = (k, state, old) => {
    const fds = (s) => ({ ...s.map, ...s.kernel, ...s.wanted });
    const keys = Object.keys({ ...fds(old), ...fds(state) }).filter((key) => /^\d+$/.test(key));
    const told = (s, fd) => [s.kernel?.[fd] ?? '–',
      s.wanted && s.wanted[fd] !== s.kernel?.[fd] ? ` (next: ${s.wanted[fd] ?? '–'})` : ''];
    const same = (fd) => String([old.map?.[fd], told(old, fd)])
      === String([state.map?.[fd], told(state, fd)]);
    return keys.sort(numerically).map((fd) =>
      row(`fd ${fd}`, [chips(state.map?.[fd], k), told(state, fd)], !same(fd)));
  };
  const signals = (k, state, old) => Object.keys({ ...old.signals, ...state.signals })
    .map((name) => {
      const told = (s) => s.kernel?.[name] ?? (s.caught?.[name] ? `counted: ${s.caught[name]}`
        : s.signals?.[name] ? 'a handler' : '–');
      const same = told(old) === told(state)
        && String(old.signals?.[name]) === String(state.signals?.[name]);
      return row(name, [chips(state.signals?.[name], k), told(state)], !same);
    });
  const notes = (state) => (state.changes?.length ? [el('p', {}, 'Noted, for the next wait:'),
    el('ul', { class: 'noted' }, ...state.changes.map((text) => el('li', {}, text)))] : []);
  const FLAGS = ['asleep_', 'wakeable_', 'loopexit', 'loopbreak'];
  const flags = (state, old) => {
    const found = FLAGS.filter((flag) => flag in state).map((flag) => {
      const changed = flag in old && old[flag] !== state[flag] ? ' changed' : '';
      return el('span', { class: `flag${state[flag] ? ' set' : ''}${changed}` },
        `${flag} ${state[flag]}`);
    });
    if (state.tasks) found.push(el('span', { class: `flag${state.tasks.posted ? ' set' : ''}` },
      `tasks_ ${state.tasks.posted}`));
    return found.length ? [el('p', { class: 'flags' }, ...found)] : [];
  };
  const map = (k, state, old) => {
    const rows = [...descriptors(k, state, old), ...signals(k, state, old)];
    const whole = rows.length ? table(['', 'events', 'kernel'], rows)
      : nothing('no event waits');
    at('map').replaceChildren(el('div', { class: 'table' }, whole), ...notes(state),
      ...flags(state, old));
  };

  const queues = (k, state, old) => {
    const all = state.queues ?? [];
    const rows = all.map((queue, priority) => el('div', { class: 'queue' },
      el('span', { class: 'small' }, `priority ${priority}`), ' ',
      ...queue.map((key) => chip(key, k, old.queues?.[priority]?.includes(key) ? '' : ' changed')),
      queue.length ? '' : el('span', { class: 'none' }, 'empty')));
    const called = state.running ? [el('p', { class: 'small' }, 'being called: ',
      chip(state.running, k))] : [];
    at('queues').replaceChildren(...rows, ...called);
  };

  // The heap as a tree: place k has its children at arity * k + 1 and behind.
  const parent = (place) => Math.floor((place - 1) / data.arity);
  const heap = (state, old) => {
    at('heap').closest('section').hidden = data.arity === 0;
    const entries = state.heap ?? [];
    if (!entries.length) return at('heap').replaceChildren(nothing('empty'));
    const level = [0];
    for (let place = 1; place < entries.length; ++place) level[place] = level[parent(place)] + 1;
    const when = (key, due) => (events[key].fd === undefined ? '' : `fd ${events[key].fd} · `)
      + ms(due);
    const longest = Math.max(...entries.map(([key]) => events[key].short.length));
    const box = Math.max(130, 7.2 * longest + 16);
    const beside = (place) => level.filter((each) => each === level[place]).length;
    const wide = Math.max(...level.map((_, place) => beside(place))) * (box + 14);
    const high = (level.at(-1) + 1) * 76 - 20;
    const spot = (place) => [(place - level.indexOf(level[place]) + 0.5) * wide / beside(place),
      level[place] * 76 + 28];
    const was = Object.fromEntries(old.heap ?? []);
    const spoken = entries.map(([key, due]) => `${events[key].label} ${ms(due)}`);
    const tree = svg('svg', { viewBox: `0 0 ${wide} ${high}`, role: 'img',
      style: `width: ${wide}px`,
      'aria-label': `heap: ${spoken.join(', ')}` });
    entries.forEach((_, place) => {
      if (!place) return;
      const [[x1, y1], [x2, y2]] = [spot(parent(place)), spot(place)];
      tree.append(svg('line', { x1, y1: y1 + 26, x2, y2: y2 - 26 }));
    });
    entries.forEach(([key, due], place) => {
      const [x, y] = spot(place);
      tree.append(svg('g', { class: was[key] === due ? 'entry' : 'entry changed' },
        svg('rect', { x: x - box / 2, y: y - 26, width: box, height: 52, rx: 8 }),
        svg('text', { x, y: y - 5 }, events[key].short),
        svg('text', { x, y: y + 15 }, when(key, due))));
    });
    at('heap').replaceChildren(el('div', { class: 'table' }, tree));
  };

  const calls = (k) => {
    const rows = [];
    for (let i = k; i >= 0 && rows.length < CALLS; --i) {
      if (!steps[i].call) continue;
      rows.push(el('li', { class: i === k ? 'changed' : null }, el('code', {}, steps[i].call)));
    }
    at('calls').replaceChildren(rows.length ? el('ol', { reversed: '' }, ...rows)
      : nothing('none yet'));
  };

  // What the threads do over time

  const DOES = { outside: 'is outside of the loop', loop: 'runs the loop',
    callback: 'runs a callback', asleep: 'sleeps' };
  const does = (step) => {
    if (step.sleeps) return 'asleep';
    const names = step.at.map(([name]) => name);
    if (!names.includes(data.loop)) return 'outside';
    const called = names.indexOf('event_base::call');
    return called >= 0 && called + 1 < names.length
      && functions[names[called + 1]].file.startsWith('sample/') ? 'callback' : 'loop';
  };
  const threads = [...new Set(steps.map((step) => step.thread))].sort(numerically);
  const marker = svg('rect', { class: 'marker', width: 1, y: 0, height: threads.length * 20 });
  const lanes = (go) => {
    const lane = (thread, row_) => {
      const cells = [];
      let doing = null;
      const last = steps.findLastIndex((step) => step.thread === thread);
      steps.forEach((step, i) => {
        if (step.thread === thread) doing = does(step);
        if (doing === null || i > last) return;
        const acts = step.thread === thread ? '' : ' waits';
        cells.push(svg('rect', { class: doing + acts, x: i, y: row_ * 20 + 2, width: 1,
          height: 16 }));
      });
      return cells;
    };
    const chart = svg('svg', { viewBox: `0 0 ${steps.length} ${threads.length * 20}`,
      preserveAspectRatio: 'none', style: `height: ${threads.length * 28}px`,
      'aria-hidden': true });
    const turns = data.marks.turn.map((k) => svg('rect', { class: 'turn', x: k - 0.1, width: 0.2,
      y: 20 * threads.indexOf(steps[k].thread), height: 20 }));
    chart.append(...threads.flatMap(lane), ...turns, marker);
    chart.addEventListener('click', (event) => {
      const box = chart.getBoundingClientRect();
      go(Math.floor((event.clientX - box.left) / box.width * steps.length));
    });
    const names = el('div', { class: 'names' }, ...threads.map((thread) =>
      el('span', {}, threads.length > 1 ? `thread ${thread}` : 'loop')));
    const legend = el('p', { class: 'legend small' }, ...Object.entries(DOES).map(([key, text]) =>
      el('span', { class: key }, text)), el('span', { class: 'turn' }, 'begins a turn'));
    at('lanes').replaceChildren(el('div', { class: 'chart' }, names, chart), legend);
  };

  // Steps

  const several = Object.keys(data.bases).length > 1;
  const whose = (base) => (several ? `Base ${base}, on ${data.bases[base]}. ` : '');
  const says = (k) => {
    const step = steps[k];
    const parts = [ms(step.us), data.turns[k] ? `turn ${data.turns[k]}` : '',
      threads.length > 1 ? `thread ${step.thread}` : '',
      several && step.base ? `base ${step.base}` : '',
      step.sleeps ? 'asleep from here on' : ''];
    at('where').textContent = parts.filter(Boolean).join(' · ');
    at('says').innerHTML = step.says;
    at('call').textContent = step.call ?? '';
    at('then').replaceChildren(...step.then.map((text) => {
      const item = el('li');
      item.innerHTML = text;
      return item;
    }));
  };

  // Where there is room for one panel only, a tab says whether another has something new.
  const tabs = [...document.querySelectorAll('.tabs button')];
  const news = (k) => {
    for (const tab of tabs) {
      const name = tab.dataset.panel;
      const is = name === 'inner' ? steps[k].at.length > 0 && steps[k].at.at(-1)[0] !== data.loop
        : at(name).querySelector('.changed') !== null;
      tab.classList.toggle('news', is);
    }
  };
  for (const tab of tabs) {
    tab.hidden = tab.dataset.panel === 'heap' && data.arity === 0;
    tab.addEventListener('click', () => {
      for (const each of tab.parentElement.children) {
        at(each.dataset.panel).closest('.panel').classList.toggle('chosen', each === tab);
        each.setAttribute('aria-pressed', each === tab);
      }
      at('columns').querySelectorAll('.source').forEach(show);
    });
  }

  const step = (k) => {
    const i = shown(k);
    const state = i < 0 ? {} : states[i];
    const old = i === k ? before(i) : state;
    marker.setAttribute('x', k);
    at('kernel-note').innerHTML = i < 0 ? '' : `${whose(steps[i].base)}${
      data.kernel[steps[i].base]}.`;
    says(k);
    code(k);
    inner(k);
    map(i, state, old);
    queues(i, state, old);
    heap(state, old);
    calls(k);
    news(k);
  };

  // The columns end where the window does, however high the frame of the page is.
  const fit = () => {
    const above = at('columns').getBoundingClientRect().top + scrollY;
    at('columns').style.setProperty('--above', `${Math.round(above)}px`);
  };
  addEventListener('resize', fit);
  const move = player(steps.length, data.marks, step, data.marks.turn[0]);
  lanes(move);
  fit();
})();
