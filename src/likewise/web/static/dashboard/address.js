/** What is looked at, as the address bar says it: links, reloads and the back button keep it. */
import { PAGES_AT_A_TIME } from './service.js';

/**
 * @typedef {object} View
 * @property {string} site empty for the service's own choice, as `kind` is
 * @property {string} search
 * @property {'count' | 'page'} sort
 * @property {string} kind whose count is sorted by
 * @property {number} page of the list, from 1
 */

// As far as the service counts.
const LAST_PAGE = 10_000_000 / PAGES_AT_A_TIME;

/** @returns {View} */
export function readView() {
  const query = new URLSearchParams(location.search);
  const page = Math.trunc(Number(query.get('page'))) || 1;
  return {
    site: query.get('site') ?? '',
    search: query.get('search') ?? '',
    sort: query.get('sort') === 'page' ? 'page' : 'count',
    kind: query.get('kind') ?? '',
    page: Math.min(Math.max(page, 1), LAST_PAGE),
  };
}

/**
 * @param {View} view
 * @param {boolean} isSamePlace whether it replaces what the back button would return to
 */
export function writeView({ site, search, sort, kind, page }, isSamePlace) {
  const query = new URLSearchParams();
  if (site) query.set('site', site);
  if (search) query.set('search', search);
  if (sort !== 'count') query.set('sort', sort);
  if (kind) query.set('kind', kind);
  if (page > 1) query.set('page', `${page}`);
  const address = `${location.pathname}${query.size ? `?${query}` : ''}`;
  if (isSamePlace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}
