/** Above the table: the choice of a site, and what it has in all. */
import { copyOf, element, within } from './document.js';

/** @typedef {import('./service.js').Summary} Summary */

const choice = element('site-choice', HTMLDivElement);
const select = element('site', HTMLSelectElement);
const totals = element('totals', HTMLDListElement);
const version = element('version', HTMLSpanElement);

/** @param {(site: string) => void} onChosen */
export function prepareSummary(onChosen) {
  select.addEventListener('change', () => onChosen(select.value));
}

/** @param {Summary} summary */
export function showSummary(summary) {
  choice.hidden = summary.sites.length < 2;
  select.replaceChildren(...summary.sites.map(({ name }) => new Option(name)));
  select.value = summary.site;
  version.textContent = summary.version;
  totals.replaceChildren(
    total('Pages', summary.pages),
    ...summary.kinds.map((kind) => total(nameOf(kind), summary.counts[kind], summary.today[kind])),
  );
}

export function clearSummary() {
  select.replaceChildren();
  totals.replaceChildren();
}

/** @param {string} kind */
export function nameOf(kind) {
  // The service keeps emoji without the selector (U+FE0F) that makes them pictures.
  return kind === 'like' ? 'Likes' : kind.replace(/^\p{Extended_Pictographic}$/u, '$&\uFE0F');
}

/**
 * @param {string} name
 * @param {number} [count]
 * @param {number} [today]
 */
function total(name, count = 0, today) {
  const item = copyOf('total');
  within(item, 'dt').textContent = name;
  within(item, 'span').textContent = count.toLocaleString();
  if (today !== undefined) {
    const change = today.toLocaleString(undefined, { signDisplay: 'exceptZero' });
    within(item, 'small').textContent = `${change} today`;
  }
  return item;
}
