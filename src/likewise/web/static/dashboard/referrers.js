/** Where readers came from: names that strangers' browsers told, always as text, never as links. */
import { copyOf, element, within } from './document.js';
import { Refusal, readReferrers } from './service.js';
import { readers } from './words.js';

/** @typedef {import('./service.js').Referrers} Referrers */
/** @typedef {import('./service.js').Summary} Summary */

const OTHER = 'other'; // the service's word for hosts that were too many

const panel = element('referrers', HTMLDetailsElement);
const summary = /** @type {HTMLElement} */ (within(panel, 'summary'));
const refusal = within(panel, '.refusal');
const sum = element('referred', HTMLSpanElement);
const everywhere = element('referrers-of-all', HTMLButtonElement);
const list = within(panel, 'ul');

let site = '';
/** @type {string | undefined} of which page; all of them where there is none */
let page;
let question = new AbortController();
/** @type {(error: unknown) => void} */
let fail = () => {};

/** @param {(error: unknown) => void} onFailure told of what the panel cannot show */
export function prepareReferrers(onFailure) {
  fail = onFailure;
  panel.addEventListener('toggle', renewReferrers);
  everywhere.addEventListener('click', () => {
    page = undefined;
    renewReferrers();
    summary.focus(); // the button goes
  });
}

/** @param {Summary} summary */
export function showReferrers({ site: ofSite, views }) {
  panel.hidden = !views;
  if (ofSite === site) return;
  clearReferrers();
  site = ofSite;
  renewReferrers();
}

/**
 * Unfolds the panel for one page.
 * @param {string} ofPage
 */
export function showReferrersOf(ofPage) {
  page = ofPage;
  list.replaceChildren();
  // What unfolds asks by itself.
  if (panel.open) renewReferrers();
  else panel.open = true;
  summary.focus();
  panel.scrollIntoView({ block: 'start' });
}

/** Asks anew, where the answer is seen. */
export async function renewReferrers() {
  if (!panel.open || !site || panel.hidden) return;
  question.abort();
  question = new AbortController();
  const { signal } = question;
  refusal.textContent = '';
  try {
    show(await readReferrers(site, page, signal));
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refusal) || error.code === 'not_signed_in') return fail(error);
    refusal.textContent = error.message;
  }
}

export function clearReferrers() {
  question.abort();
  site = '';
  page = undefined;
  list.replaceChildren();
  sum.textContent = '';
  refusal.textContent = '';
  everywhere.hidden = true;
}

/** @param {Referrers} found */
function show({ page: ofPage, views, hosts }) {
  const name = document.createElement('bdi');
  name.textContent = ofPage ?? 'all pages';
  sum.replaceChildren(`${readers(views)} of `, name, ' in the last 30 days');
  everywhere.hidden = ofPage === null;
  const told = hosts.reduce((before, host) => before + host.views, 0);
  const rest = views - told;
  list.replaceChildren(
    ...hosts.map(({ host, views: n }) => item(host === OTHER ? 'Other sites' : host, n, views)),
    ...(rest > 0 ? [item('Directly, or from within the site', rest, views)] : []),
  );
}

/**
 * @param {string} name
 * @param {number} count
 * @param {number} all
 */
function item(name, count, all) {
  const item = copyOf('referrer-item');
  const meter = /** @type {HTMLMeterElement} */ (within(item, 'meter'));
  within(item, 'bdi').textContent = name;
  within(item, '[data-count]').textContent = count.toLocaleString();
  meter.max = Math.max(all, count, 1);
  meter.value = count;
  return item;
}
