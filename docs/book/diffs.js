// Unfolds and folds all files at once, and unfolds the one that an address leads into.
(() => {
  for (const button of document.querySelectorAll('button[data-open]')) {
    button.addEventListener('click', () => {
      for (const file of document.querySelectorAll('details.file')) {
        file.open = button.dataset.open === 'true';
      }
    });
  }
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const file = target?.closest('details.file');
    if (!file) return;
    file.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', unfold);
  unfold();
})();
