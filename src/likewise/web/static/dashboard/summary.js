/** Above the table: the choice of a site, and what it has in all. */
import { copyOf, element, within } from './document.js';

/** @typedef {import('./service.js').Summary} Summary */

export const VIEWS = 'views'; // counted like a kind, and never one that a site lists

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
    ...totalsOfReaders(summary),
  );
}

export function clearSummary() {
  select.replaceChildren();
  totals.replaceChildren();
}

/**
 * What the table has columns of.
 * @param {Summary} summary
 */
export function figuresOf({ kinds, views }) {
  return views ? [...kinds, VIEWS] : kinds;
}

/**
 * Likes per hundred readers; nothing where there were none.
 * @param {import('./service.js').Lately} [lately]
 */
export function rateOf({ likes, views } = { likes: 0, views: 0 }) {
  const options = { maximumFractionDigits: likes < views / 10 ? 1 : 0 };
  return views ? ((100 * likes) / views).toLocaleString(undefined, options) : '';
}

/** @param {Summary} summary */
function totalsOfReaders({ views, lately }) {
  if (!views) return [];
  const rate = rateOf(lately);
  const item = total('Likes per 100 readers');
  within(item, 'span').textContent = rate;
  within(item, 'small').textContent = 'last 30 days';
  return [total(nameOf(VIEWS), views.all, views.today), ...(rate ? [item] : [])];
}

/** @param {string} kind */
export function nameOf(kind) {
  if (kind === VIEWS) return 'Readers';
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
