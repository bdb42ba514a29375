// The dark mode button of pages that Doxygen does not write: by mouse or by key.
(() => {
  const button = document.querySelector('header.frame doxygen-awesome-dark-mode-toggle');
  button.updateIcon();
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    button.toggleDarkMode();
  });
})();
