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
  for (const [button, steps] of /** @type {const} */ ([[previous, -1], [next, 1]])) {
    button.addEventListener('click', () => {
      if (button.ariaDisabled === 'true') return;
      onTurn(steps);
      table.scrollIntoView({ block: 'start' });
    });
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

/**
 * @param {string[]} kinds
 * @param {Order} order
 */
function showColumns(kinds, { sort, kind }) {
  const former = [...columns.querySelectorAll('button')].map((button) => button.dataset.kind);
  // Columns that stay are left alone: one of them may have the focus.
  if (`${former.slice(1)}` !== `${kinds}`) {
    columns.replaceChildren(/** @type {Element} */ (columns.firstElementChild), ...kinds.map(column));
    table.classList.toggle('wide', kinds.length > 2);
  }
  const sorted = sort === 'page' ? 0 : 1 + Math.max(0, kinds.indexOf(kind));
  for (const [index, cell] of [...columns.cells].entries()) {
    if (index === sorted) cell.ariaSort = sorted ? 'descending' : 'ascending';
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
  const href = webAddress(url);
  if (href) name.replaceWith(linkTo(href, name));
  item.append(
    ...kinds.map((kind) => {
      const cell = copyOf('count-cell');
      cell.textContent = (counts[kind] ?? 0).toLocaleString();
      cell.setAttribute('data-kind', nameOf(kind));
      return cell;
    }),
  );
  return item;
}
