/** The owner's page: who is signed in, what is looked at, and when it is asked for anew. */
import { readView, writeView } from './dashboard/address.js';
import { element } from './dashboard/document.js';
import { onSignedIn, showLogin } from './dashboard/login.js';
import { showPages } from './dashboard/pages.js';
import { PAGES_AT_A_TIME, readPages, readSummary, signOut } from './dashboard/service.js';
import { showSummary } from './dashboard/summary.js';

/** @typedef {import('./dashboard/address.js').View} View */
/** @typedef {import('./dashboard/service.js').Summary} Summary */

const PAUSE_IN_TYPING_MS = 250;

let view = readView();
/** @type {Summary | undefined} */
let summary;
let reading = new AbortController();
let typing = 0;

const search = element('search', HTMLInputElement);

/** Asks for what the view wants and shows it; an older question that is still open is dropped. */
async function refresh() {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  setBusy(true);
  try {
    // Pages come with each change, totals with each site: they are costly where pages are many.
    summary ??= await readSummary(view.site, signal);
    const report = await readPages(view, signal);
    signal.throwIfAborted();
    const lastPage = Math.max(1, Math.ceil(report.total / PAGES_AT_A_TIME));
    if (view.page > lastPage) return look({ page: lastPage }, true);
    show(summary, report);
  } catch (error) {
    if (!signal.aborted) refuse(error);
  }
}

/**
 * Changes the view. A new choice begins at the first page, and gets its own place in the history.
 * @param {Partial<View>} change
 * @param {boolean} [isSamePlace]
 */
function look(change, isSamePlace = false) {
  if ('site' in change) summary = undefined;
  view = { ...view, page: 1, ...change };
  writeView(view, isSamePlace);
  return refresh();
}
