/** The owner's page: who is signed in, what is looked at, and when the service is asked anew. */
import { readView, writeView } from './dashboard/address.js';
import { element, within } from './dashboard/document.js';
import { closeEditor, edit, prepareEditor, review } from './dashboard/editor.js';
import { clearHealth, showHealth } from './dashboard/health.js';
import { clearHistory, prepareHistory, renewHistory, showHistory } from './dashboard/history.js';
import { askToSignIn, prepareLogin } from './dashboard/login.js';
import { clearOrigins, showOrigins } from './dashboard/origins.js';
import { clearPages, focusPage, preparePages, showPages } from './dashboard/pages.js';
import { clearReasons, prepareReasons, renewReasons, showReasons } from './dashboard/reasons.js';
import {
  clearReferrers,
  prepareReferrers,
  renewReferrers,
  showReferrers,
  showReferrersOf,
} from './dashboard/referrers.js';
import {
  PAGES_AT_A_TIME,
  Refusal,
  readHealth,
  readPages,
  readSummary,
  signOut,
} from './dashboard/service.js';
import { clearSummary, prepareSummary, showSummary } from './dashboard/summary.js';
import { clearSurges, focusSurge, prepareSurges, showSurges, surging } from './dashboard/surges.js';
import { showSnippet } from './snippet.js';

/** @typedef {import('./dashboard/address.js').View} View */
/** @typedef {import('./dashboard/service.js').Summary} Summary */
/** @typedef {import('./dashboard/service.js').Report} Report */

const PAUSE_IN_TYPING_MS = 250;

const loading = element('loading', HTMLParagraphElement);
const login = element('login', HTMLElement);
const dashboard = element('dashboard', HTMLDivElement);
const title = element('title', HTMLHeadingElement);
const failure = element('failure', HTMLParagraphElement);
const pages = element('pages', HTMLElement);
const empty = element('empty', HTMLElement);
const search = element('search', HTMLInputElement);
const news = element('news', HTMLParagraphElement);

let view = readView();
/** @type {Summary | undefined} */
let summary;
let isExamined = false;
let question = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

/** Asks for what the view wants and shows it. An older question that is still open is dropped. */
async function refresh() {
  question.abort();
  question = new AbortController();
  const { signal } = question;
  dashboard.ariaBusy = 'true';
  try {
    // Once a site, not at each turn: a sum over all pages is the costliest thing to ask for.
    summary ??= await readSummary(view.site, signal);
    const report = await readPages(view, signal);
    if (!signal.aborted) await show(summary, report);
  } catch (error) {
    if (!signal.aborted) await explain(error);
  }
}

/**
 * Changes the view. A new choice begins at the first page, and the back button returns from it.
 * @param {Partial<View>} change
 * @param {{ isSamePlace?: boolean }} [options]
 */
function look(change, { isSamePlace = false } = {}) {
  if (!isSamePlace) news.replaceChildren();
  adopt({ ...view, search: search.value.trim(), page: 1, ...change });
  writeView(view, isSamePlace);
  return refresh();
}

/** @param {View} wanted */
function adopt(wanted) {
  clearTimeout(typing);
  if (wanted.site !== view.site) summary = undefined;
  view = wanted;
  // A space at the end may be the one before the next word.
  if (search.value.trim() !== view.search) search.value = view.search;
}

/**
 * @param {Summary} summary
 * @param {Report} report
 */
function show(summary, report) {
  const lastPage = Math.max(1, Math.ceil(report.total / PAGES_AT_A_TIME));
  if (view.page > lastPage) return look({ page: lastPage }, { isSamePlace: true });
  open(dashboard);
  failure.hidden = true;
  showSummary(summary);
  showOrigins(summary.refused_origins);
  showSurges(summary.surges);
  showReasons(summary);
  showReferrers(summary);
  showPages(summary, report, view, surging(summary.surges));
  pages.hidden = !summary.pages;
  empty.hidden = !pages.hidden;
  if (pages.hidden) showSnippet(empty, attributesFor(summary), summary.address);
  showHistory(summary.site);
  if (!isExamined) examine();
}

/** Shows what is wrong with the set-up: once, and beside the rest, since it may take seconds. */
async function examine() {
  isExamined = true;
  try {
    const { findings } = await readHealth();
    if (isExamined) showHealth(findings);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    isExamined = false; // whatever it was, the next question meets it too, and tells
  }
}

/**
 * Says what has been changed and shows what is so now.
 * @param {import('./dashboard/words.js').Words} words
 * @param {() => boolean} refocus takes the focus to where it was, if that is still there
 */
async function tell(words, refocus) {
  news.replaceChildren(...words);
  summary = undefined;
  await Promise.all([refresh(), renewHistory(), renewReasons(), renewReferrers()]);
  // What had the focus may have been replaced. Who has moved on meanwhile is left alone.
  if (document.activeElement === document.body && !refocus()) title.focus();
}

/**
 * What the tag has to say where the widget would assume something else.
 * @param {Summary} summary
 * @returns {Record<string, string>}
 */
function attributesFor({ site, kinds, private_kinds }) {
  const shared = kinds.filter((kind) => !private_kinds.includes(kind));
  const kind = (shared.length ? shared : kinds).join(' ');
  return { ...(site !== 'default' && { site }), ...(kind !== 'like' && { kind }) };
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof Refusal)) throw error;
  const { code, message } = error;
  if (code === 'not_signed_in') {
    return leave(summary && 'Your session has ended. Sign in to go on.');
  }
  // Addresses outlive sites: an old bookmark still opens the dashboard.
  if (code === 'unknown_site' && view.site) return look({ site: '' }, { isSamePlace: true });
  if (code === 'unknown_kind' && view.kind) return look({ kind: '' }, { isSamePlace: true });
  open(dashboard);
  failure.hidden = false;
  within(failure, 'span').textContent = message;
}

/**
 * Back to the form, and nothing of what was shown stays in the document.
 * @param {string} [reason]
 */
function leave(reason) {
  question.abort();
  summary = undefined;
  closeEditor();
  clearPages();
  clearSummary();
  clearHealth();
  isExamined = false;
  clearOrigins();
  clearSurges();
  clearReasons();
  clearReferrers();
  clearHistory();
  news.replaceChildren();
  open(login);
  askToSignIn(reason);
}

/** @param {HTMLElement} part what is on the screen from now on */
function open(part) {
  for (const other of [loading, login, dashboard]) other.hidden = other !== part;
  dashboard.ariaBusy = 'false';
  document.title = `${part === login ? 'Sign in' : 'Dashboard'} · Likewise`;
}

prepareLogin(async () => {
  await refresh();
  if (login.hidden) title.focus();
  else askToSignIn('Your browser did not keep the sign-in cookie. Allow cookies here.');
});
prepareSummary((site) => look({ site, kind: '' }));
preparePages(
  ({ sort, kind }) => look({ sort, kind: kind === summary?.kinds[0] ? '' : kind }),
  (steps) => look({ page: view.page + steps }),
  (page, place) => {
    news.replaceChildren();
    if (summary) edit(summary, page, (now) => focusPage(now, place));
  },
  showReferrersOf,
);
prepareSurges((surge) => summary && review(summary, surge, () => focusSurge(surge)));
prepareEditor(tell, explain);
prepareReferrers(explain);
prepareReasons(tell, explain);
prepareHistory(tell, explain);
search.addEventListener('input', () => {
  clearTimeout(typing);
  // Words are no places to go back to, letter by letter.
  typing = setTimeout(() => look({}, { isSamePlace: true }), PAUSE_IN_TYPING_MS);
});
element('retry', HTMLButtonElement).addEventListener('click', refresh);
element('logout', HTMLButtonElement).addEventListener('click', async () => {
  try {
    await signOut();
    leave('You are signed out.');
  } catch (error) {
    explain(error);
  }
});
addEventListener('popstate', () => {
  adopt(readView());
  refresh();
});
// Out of the back/forward cache comes what was shown before, perhaps to someone who has left.
addEventListener('pageshow', ({ persisted }) => persisted && refresh());
search.value = view.search;
refresh();
