/** The gallery: below each button, the tag that makes it, read from the page itself. */

/** @param {Element} element */
function tagOf(element) {
  const shown = [...element.attributes].filter(
    ({ name }) => !['site', 'page', 'class', 'liked'].includes(name),
  );
  const attributes = shown.map(({ name, value }) => (value ? ` ${name}="${value}"` : ` ${name}`));
  const inside = element.childElementCount ? '<svg slot="icon">…</svg>' : '';
  return `<like-wise${attributes.join('')}>${inside}</like-wise>`;
}

for (const item of document.querySelectorAll('.gallery > li')) {
  const element = item.querySelector('like-wise');
  if (!element) continue;
  const lines = document.createElement('pre');
  const language = item.getAttribute('lang');
  lines.lang = 'en';
  lines.dir = 'ltr';
  lines.textContent = tagOf(element) + (language ? `\n<!-- in lang="${language}" -->` : '');
  item.append(lines);
}
