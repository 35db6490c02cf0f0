// Light or dark, before anything is drawn: what was chosen, or what the system says.
(function () {
  const stored = localStorage.getItem('theme');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = stored || (dark ? 'dark' : 'light');
})();
