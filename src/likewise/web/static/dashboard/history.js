/** What has been changed, when and by whom; and the way back. */
import { copyOf, element, within } from './document.js';
import { momentOf } from './moment.js';
import { Refusal, readChanges } from './service.js';
import { askWhetherToUndo, closeUndoing, prepareUndoing } from './undoing.js';
import { told } from './words.js';

/** @typedef {import('./service.js').Change} Change */
/** @typedef {import('./words.js').Words} Words */

const LINES_AT_A_TIME = 20;

const panel = element('history', HTMLDetailsElement);
const summary = /** @type {HTMLElement} */ (within(panel, 'summary'));
const refusal = within(panel, '.refusal');
const list = element('changes', HTMLOListElement);
const unchanged = element('unchanged', HTMLParagraphElement);
const older = element('older', HTMLButtonElement);

let site = '';
let question = new AbortController();
/** @type {Change[]} */
let shown = [];
/** @type {(error: unknown) => void} */
let fail = () => {};

/**
 * @param {(words: Words, refocus: () => boolean) => void} onUndone
 * @param {(error: unknown) => void} onFailure told of what the panel cannot show
 */
export function prepareHistory(onUndone, onFailure) {
  fail = onFailure;
  panel.addEventListener('toggle', renewHistory);
  older.addEventListener('click', showOlder);
  list.addEventListener('click', ({ target }) => {
    const item = target instanceof Element && target.closest('button')?.closest('li');
    if (item) askWhetherToUndo(shown[[...list.children].indexOf(item)]);
  });
  prepareUndoing((words) => onUndone(words, focusSummary), onFailure);
}

/** @param {string} ofSite */
export function showHistory(ofSite) {
  if (ofSite === site) return;
  clearHistory();
  site = ofSite;
  renewHistory();
}

/** Asks anew, where it is seen: it is looked at less often than the pages are. */
export async function renewHistory() {
  if (!panel.open || !site) return;
  const changes = await read();
  if (!changes) return;
  shown = [];
  list.replaceChildren();
  append(changes);
}

export function clearHistory() {
  question.abort();
  site = '';
  shown = [];
  list.replaceChildren();
  refusal.textContent = '';
  closeUndoing();
}

function focusSummary() {
  summary.focus();
  return true;
}

async function showOlder() {
  const known = shown.length;
  const changes = await read(shown.at(-1)?.correction);
  if (!changes) return;
  append(changes);
  // On with reading where the list went on: the button may have gone.
  /** @type {HTMLElement | undefined} */ (list.children[known])?.focus();
}

/**
 * @param {number} [before]
 * @returns {Promise<Change[] | undefined>} one more than is shown, where there are more
 */
async function read(before) {
  question.abort();
  question = new AbortController();
  const { signal } = question;
  refusal.textContent = '';
  try {
    const part = { before, limit: LINES_AT_A_TIME + 1 };
    return (await readChanges(site, part, signal)).corrections;
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof Refusal) || error.code === 'not_signed_in') return fail(error);
  refusal.textContent = error.message;
}

/** @param {Change[]} changes */
function append(changes) {
  const part = changes.slice(0, LINES_AT_A_TIME);
  shown.push(...part);
  list.append(...part.map(item));
  older.hidden = part.length === changes.length;
  unchanged.hidden = shown.length > 0;
}

/** @param {Change} change */
function item(change) {
  const item = copyOf('change-item');
  within(item, '.strange').append(...told(change));
  within(item, '.quiet').textContent = circumstances(change);
  within(item, '.unseen').textContent = `number ${change.correction}`;
  within(item, 'button').toggleAttribute('hidden', !change.can_be_undone);
  return item;
}

/** @param {Change} change */
function circumstances({ correction, second, by, undone }) {
  const end = undone === null ? '' : ` · undone ${momentOf(undone)}`;
  return `${correction} · ${momentOf(second)} · ${by}${end}`;
}
