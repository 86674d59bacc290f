/** What readers wrote beside likes that the owner alone sees: strangers' words, always as text. */
import { copyOf, element, within } from './document.js';
import { dayOf } from './moment.js';
import { deleteReason, Refusal, readReasons } from './service.js';
import { nameOf } from './summary.js';
import { told } from './words.js';

/** @typedef {import('./service.js').Reason} Reason */
/** @typedef {import('./service.js').Summary} Summary */

const LINES_AT_A_TIME = 20;

const panel = element('reasons', HTMLDetailsElement);
const summary = /** @type {HTMLElement} */ (within(panel, 'summary'));
const refusal = within(panel, '.refusal');
const list = within(panel, 'ul');
const none = element('unexplained', HTMLParagraphElement);
const older = element('older-reasons', HTMLButtonElement);

let site = '';
let question = new AbortController();
/** @type {Reason[]} */
let shown = [];
/** @type {(error: unknown) => void} */
let fail = () => {};

/**
 * @param {(words: import('./words.js').Words, refocus: () => boolean) => void} onDeleted
 * @param {(error: unknown) => void} onFailure told of what the panel cannot show
 */
export function prepareReasons(onDeleted, onFailure) {
  fail = onFailure;
  panel.addEventListener('toggle', renewReasons);
  older.addEventListener('click', showOlder);
  list.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (button && panel.ariaBusy !== 'true') remove(buttons().indexOf(button), onDeleted);
  });
}

/** @param {Summary} summary */
export function showReasons({ site: ofSite, private_kinds: kinds }) {
  panel.hidden = !kinds.length;
  if (ofSite === site) return;
  clearReasons();
  site = ofSite;
  renewReasons();
}

/** Asks anew for as many as are shown, where they are seen. */
export async function renewReasons() {
  if (!panel.open || !site || panel.hidden) return;
  const limit = Math.max(shown.length, LINES_AT_A_TIME);
  const found = await read(0, limit);
  if (!found) return;
  shown = [];
  list.replaceChildren();
  append(found);
}

export function clearReasons() {
  question.abort();
  site = '';
  shown = [];
  list.replaceChildren();
  refusal.textContent = '';
}

async function showOlder() {
  const known = shown.length;
  const found = await read(known, LINES_AT_A_TIME);
  if (!found) return;
  append(found);
  // On with reading where the list went on: the button may have gone.
  buttons()[known]?.focus();
}

/**
 * @param {number} offset
 * @param {number} limit
 * @returns {Promise<import('./service.js').Reasons | undefined>} nothing where it was refused
 */
async function read(offset, limit) {
  question.abort();
  question = new AbortController();
  const { signal } = question;
  refusal.textContent = '';
  try {
    return await readReasons(site, { offset, limit }, signal);
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/**
 * @param {number} index
 * @param {Parameters<typeof prepareReasons>[0]} onDeleted
 */
async function remove(index, onDeleted) {
  const { number, page, kind } = shown[index];
  const ofSite = site;
  panel.ariaBusy = 'true';
  try {
    await deleteReason(site, number);
    const words = told({ action: 'reason', asked: { page, kind }, done: {} });
    onDeleted(words, () => ofSite === site && focusNear(index));
  } catch (error) {
    explain(error);
  } finally {
    panel.ariaBusy = 'false';
  }
}

/** @param {number} index of one that has gone */
function focusNear(index) {
  (buttons()[Math.min(index, shown.length - 1)] ?? summary).focus();
  return true;
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof Refusal) || error.code === 'not_signed_in') return fail(error);
  refusal.textContent = error.message;
}

/** @param {import('./service.js').Reasons} found */
function append({ total, reasons }) {
  shown.push(...reasons);
  list.append(...reasons.map(item));
  older.hidden = !reasons.length || shown.length >= total;
  none.hidden = shown.length > 0;
}

function buttons() {
  return [...list.querySelectorAll('button')];
}

/** @param {Reason} reason */
function item({ page, kind, reason, day }) {
  const item = copyOf('reason-item');
  within(item, '[data-reason]').textContent = reason;
  within(item, '[data-page]').textContent = page;
  within(item, '[data-kind]').textContent = nameOf(kind);
  within(item, '[data-day]').textContent = dayOf(day);
  within(item, 'button').ariaLabel = `Delete: ${reason}`;
  return item;
}
