/** The table of pages: what strangers named them is shown as text, and linked by the service alone. */
import { copyOf, element, within } from './document.js';
import { PAGES_AT_A_TIME } from './service.js';
import { figuresOf, nameOf, rateOf, VIEWS } from './summary.js';

/** @typedef {import('./address.js').View} View */
/** @typedef {import('./service.js').PageRow} PageRow */
/** @typedef {import('./service.js').Report} Report */
/** @typedef {import('./service.js').Summary} Summary */
/** @typedef {Pick<View, 'sort' | 'kind'>} Order */

const table = element('table', HTMLTableElement);
const columns = element('columns', HTMLTableRowElement);
const rows = element('rows', HTMLTableSectionElement);
const found = element('found', HTMLParagraphElement);
const pager = element('pager', HTMLElement);
const part = element('part', HTMLSpanElement);
const previous = element('previous', HTMLButtonElement);
const next = element('next', HTMLButtonElement);
const lastColumn = within(columns, 'th:last-child');

/** @type {PageRow[]} */
let shown = [];

/**
 * @param {(order: Order) => void} onOrder
 * @param {(steps: number) => void} onTurn
 * @param {(page: PageRow, place: number) => void} onEdit
 * @param {(page: string) => void} onReaders asked where they came from
 */
export function preparePages(onOrder, onTurn, onEdit, onReaders) {
  columns.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (!button) return;
    const { sort, kind = '' } = button.dataset;
    onOrder({ sort: sort === 'page' ? 'page' : 'count', kind });
  });
  rows.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (!button) return;
    const place = [...rows.rows].findIndex((line) => line.contains(button));
    if (button.dataset.readers === undefined) onEdit(shown[place], place);
    else onReaders(shown[place].page);
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
 * @param {Summary} summary
 * @param {Report} report
 * @param {View} view
 * @param {Set<string | null>} surging which of them to mark
 */
export function showPages(summary, { total, pages }, view, surging) {
  showColumns(figuresOf(summary), view);
  shown = pages;
  rows.replaceChildren(...pages.map((page) => row(summary.kinds, page, surging.has(page.page))));
  table.hidden = !total;
  showPlace(total, pages.length, view);
}

export function clearPages() {
  shown = [];
  rows.replaceChildren();
  found.textContent = '';
}

/**
 * Takes the focus back to a page's button, or to what stands in its place where it has gone.
 * @param {string | null} page
 * @param {number} place
 * @returns {boolean} whether there is any
 */
export function focusPage(page, place) {
  const index = shown.findIndex((line) => line.page === page);
  const line = rows.rows[index < 0 ? Math.min(place, shown.length - 1) : index];
  const buttons = line?.querySelectorAll('button');
  buttons?.[buttons.length - 1].focus();
  return Boolean(line);
}

/**
 * @param {string[]} figures
 * @param {Order} order
 */
function showColumns(figures, { sort, kind }) {
  const former = [...columns.querySelectorAll('button')].map((button) => button.dataset.kind);
  // Columns that stay are left alone: one of them may have the focus.
  if (`${former.slice(1)}` !== `${figures}`) {
    const rate = figures.includes(VIEWS) ? [copyOf('rate-column')] : [];
    columns.replaceChildren(within(columns, 'th'), ...figures.map(column), ...rate, lastColumn);
    table.classList.toggle('wide', figures.length > 1);
  }
  const sorted = sort === 'page' ? 0 : 1 + Math.max(0, figures.indexOf(kind));
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
 * @param {PageRow} page
 * @param {boolean} isSurging
 */
function row(kinds, { page, url, counts, blocked, views, lately }, isSurging) {
  const item = copyOf('page-row');
  const head = within(item, 'th');
  const name = within(item, 'bdi');
  name.textContent = page;
  if (isWebAddress(url)) head.append(linkTo(url, name));
  if (blocked) head.append(' ', mark('Blocked'));
  if (isSurging) head.append(' ', mark('Surge'));
  item.append(...kinds.map((kind) => cell(nameOf(kind), counts[kind])));
  if (views !== undefined) item.append(readersCell(page, views), rateCell(lately));
  item.append(editCell(page));
  return item;
}

/**
 * @param {string} page
 * @param {number} views
 */
function readersCell(page, views) {
  const item = copyOf('readers-cell');
  const button = within(item, 'button');
  button.textContent = views.toLocaleString();
  button.ariaLabel = `${button.textContent} readers of ${page}: where they came from`;
  item.setAttribute('data-kind', nameOf(VIEWS));
  return item;
}

/** @param {import('./service.js').Lately} [lately] */
function rateCell(lately) {
  const item = copyOf('count-cell');
  item.textContent = rateOf(lately) || '–';
  item.classList.toggle('quiet', !lately?.likes);
  item.setAttribute('data-kind', 'Likes per 100');
  return item;
}

/** @param {string} text */
function mark(text) {
  const item = copyOf('mark');
  item.textContent = text;
  return item;
}

/** @param {string} page */
function editCell(page) {
  const item = copyOf('edit-cell');
  within(item, 'button').ariaLabel = `Edit ${page}`;
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
