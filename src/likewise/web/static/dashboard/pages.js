/** The table of pages: what strangers named them is shown as text, and linked by the service alone. */
import { copyOf, element, within } from './document.js';
import { PAGES_AT_A_TIME } from './service.js';
import { nameOf } from './summary.js';

/** @typedef {import('./address.js').View} View */
/** @typedef {import('./service.js').Report} Report */
/** @typedef {Pick<View, 'sort' | 'kind'>} Order */

const table = element('table', HTMLTableElement);
const columns = element('columns', HTMLTableRowElement);
const rows = element('rows', HTMLTableSectionElement);
const found = element('found', HTMLParagraphElement);
const pager = element('pager', HTMLElement);
const part = element('part', HTMLSpanElement);
const previous = element('previous', HTMLButtonElement);
const next = element('next', HTMLButtonElement);

/**
 * @param {(order: Order) => void} onOrder
 * @param {(steps: number) => void} onTurn
 */
export function preparePages(onOrder, onTurn) {
  columns.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (!button) return;
    const { sort, kind = '' } = button.dataset;
    onOrder({ sort: sort === 'page' ? 'page' : 'count', kind });
  });
  previous.addEventListener('click', () => turn(previous, -1));
  next.addEventListener('click', () => turn(next, 1));

  /**
   * @param {HTMLButtonElement} button
   * @param {number} steps
   */
  function turn(button, steps) {
    if (button.getAttribute('aria-disabled') === 'true') return;
    onTurn(steps);
    table.scrollIntoView({ block: 'start' });
  }
}

/**
 * @param {string[]} kinds
 * @param {Report} report
 * @param {View} view
 */
export function showPages(kinds, { total, pages }, view) {
  showColumns(kinds, view);
  rows.replaceChildren(...pages.map((page) => row(kinds, page)));
  table.hidden = !total;
  showPlace(total, pages.length, view);
}

export function clearPages() {
  rows.replaceChildren();
  found.textContent = '';
}

/**
 * @param {string[]} kinds
 * @param {Order} order
 */
function showColumns(kinds, { sort, kind }) {
  const former = [...columns.querySelectorAll('button')].map((button) => button.dataset.kind);
  // Columns that stay are left alone: one of them may have the focus.
  if (`${former.slice(1)}` !== `${kinds}`) {
    columns.replaceChildren(within(columns, 'th'), ...kinds.map(column));
    table.classList.toggle('wide', kinds.length > 2);
  }
  const sorted = sort === 'page' ? 0 : 1 + Math.max(0, kinds.indexOf(kind));
  for (const [index, cell] of [...columns.cells].entries()) {
    if (index === sorted) cell.setAttribute('aria-sort', sorted ? 'descending' : 'ascending');
    else cell.removeAttribute('aria-sort');
  }
}

/** @param {string} kind */
function column(kind) {
  const cell = copyOf('kind-column');
  const button = /** @type {HTMLButtonElement} */ (cell.firstElementChild);
  button.textContent = nameOf(kind);
  button.dataset.kind = kind;
  return cell;
}

/**
 * @param {string[]} kinds
 * @param {Report['pages'][number]} page
 */
function row(kinds, { page, url, counts }) {
  const item = copyOf('page-row');
  const name = within(item, 'bdi');
  name.textContent = page;
  if (isWebAddress(url)) within(item, 'th').append(linkTo(url, name));
  item.append(...kinds.map((kind) => cell(nameOf(kind), counts[kind])));
  return item;
}

/**
 * @param {string | null} url
 * @returns {url is string}
 */
function isWebAddress(url) {
  return url !== null && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/**
 * @param {string} url
 * @param {Element} name
 */
function linkTo(url, name) {
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.append(name);
  return link;
}

/**
 * @param {string} kind
 * @param {number} [count]
 */
function cell(kind, count = 0) {
  const item = copyOf('count-cell');
  item.textContent = count.toLocaleString();
  item.classList.toggle('quiet', !count);
  // Small screens have no column above it that says so.
  item.setAttribute('data-kind', kind);
  return item;
}

/**
 * @param {number} total
 * @param {number} shown
 * @param {View} view
 */
function showPlace(total, shown, { page, search }) {
  const pages = total === 1 ? '1 page' : `${total.toLocaleString()} pages`;
  const before = (page - 1) * PAGES_AT_A_TIME;
  const isAll = shown === total;
  const range = `${(before + 1).toLocaleString()} to ${(before + shown).toLocaleString()} of ${pages}`;
  if (total) found.textContent = isAll ? pages : range;
  else found.textContent = `No page has “${search}” in its name.`;
  pager.hidden = isAll;
  part.textContent = range;
  // Not disabled: that would take the focus away from who turns pages with the keyboard.
  previous.setAttribute('aria-disabled', `${page === 1}`);
  next.setAttribute('aria-disabled', `${before + shown >= total}`);
}
