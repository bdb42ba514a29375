// Steps through two replays together: each is a frame, which is moved by its address.
(() => {
  const { rows, marks } = JSON.parse(document.getElementById('recording').textContent);
  const sides = ['one', 'other'].map((id) => document.getElementById(id));
  const frames = sides.map((side) => side.querySelector('iframe'));
  const files = frames.map((frame) => frame.src.split('#')[0]);
  const shown = [-1, -1];
  let now = 0;

  // The last step of a side up to a row; before its first, that one.
  const step = (row, side) => {
    for (let k = row; k >= 0; --k) if (rows[k][side] !== null) return rows[k][side];
    return 0;
  };
  const move = (side) => {
    const k = step(now, side);
    if (shown[side] === k) return;
    shown[side] = k;
    frames[side].contentWindow.location.replace(`${files[side]}#beside-${k + 1}`);
  };
  const show = (row) => {
    now = row;
    sides.forEach((one, side) => {
      const waits = rows[row][side] === null;
      one.classList.toggle('waits', waits);
      one.querySelector('.does').textContent = waits ? 'waits' : '';
      move(side);
    });
  };

  const pages = document.getElementById('pages');
  const fit = () => {
    const above = pages.getBoundingClientRect().top + scrollY;
    pages.style.setProperty('--above', `${Math.round(above)}px`);
  };
  addEventListener('resize', fit);

  // The frames follow the switch between light and dark.
  const dye = () => {
    const dark = document.documentElement.classList.contains('dark-mode');
    for (const frame of frames) frame.contentWindow.postMessage({ dark }, '*');
  };
  new MutationObserver(dye).observe(document.documentElement, { attributeFilter: ['class'] });
  frames.forEach((frame, side) => frame.addEventListener('load', () => {
    dye();
    shown[side] = -1;  // what it was told while it was loading may be lost
    move(side);
  }));

  fit();
  player(rows.length, marks, show);
})();
