/** The admin API, as the dashboard uses it. Knows nothing of what is shown. */

/** @typedef {import('./address.js').View} View */
/** @typedef {Record<string, number>} Counts by kind */

/**
 * @typedef {object} Summary
 * @property {string} version
 * @property {string | null} address the service's own
 * @property {string} site
 * @property {{ name: string, url: string | null }[]} sites
 * @property {string[]} kinds
 * @property {string[]} private_kinds those of them that the owner alone sees
 * @property {number} pages
 * @property {Counts} counts
 * @property {Counts} today
 * @property {{ all: number, today: number }} [views] readers, where the site counts them
 * @property {Lately} [lately]
 * @property {Surge[]} surges
 * @property {RefusedOrigin[]} refused_origins
 */

/** @typedef {{ check: string, state: string, text: string, advice: string }} Finding */
/** @typedef {{ origin: string, times: number, setting: string }} RefusedOrigin */
/** @typedef {{ number: number, page: string | null, from: string, to: string, likes: number }} Surge of a page, or of the whole site */
/** @typedef {{ likes: number, views: number }} Lately of one time, so that they can be compared */
/** @typedef {{ page: string, url: string | null, counts: Counts, blocked: boolean, views?: number, lately?: Lately }} PageRow */
/** @typedef {{ total: number, pages: PageRow[] }} Report */
/** @typedef {{ number: number, page: string, kind: string, reason: string, day: string }} Reason */
/** @typedef {{ total: number, reasons: Reason[] }} Reasons */
/** @typedef {{ page: string | null, views: number, hosts: { host: string, views: number }[] }} Referrers of a page, or of the whole site */

/**
 * What the owner asks to be changed: `action` and the fields that its address takes.
 * @typedef {{ action: string, site: string, page?: string } & Record<string, unknown>} Order
 */

/**
 * What an order did, or would do. A purge tells how many likes go and stay, all others the counts.
 * @typedef {object} Effect
 * @property {string | null} page
 * @property {Counts} [before]
 * @property {Counts} [after]
 * @property {number} [removed]
 * @property {number} [kept]
 */

/**
 * A line of the audit log.
 * @typedef {object} Change
 * @property {number} correction
 * @property {number} second
 * @property {string} by
 * @property {string} action
 * @property {Record<string, any>} asked
 * @property {Record<string, any>} done
 * @property {number | null} undone
 * @property {boolean} can_be_undone
 */

export const PAGES_AT_A_TIME = 50;

/** Why the service did not do what it was asked: its own words, or ours where it is not heard. */
export class Refusal extends Error {
  /**
   * @param {string} code the service's word for it; `unreachable` where something else answered
   * @param {string} detail
   * @param {number} [waitSeconds]
   */
  constructor(code, detail, waitSeconds = 0) {
    super(detail);
    this.code = code;
    this.waitSeconds = waitSeconds;
  }
}

/**
 * Exchanges the key for a cookie that no script can read.
 * @param {string} key
 */
export async function signIn(key) {
  await post('api/login', { key });
}

export async function signOut() {
  await post('api/logout', {});
}

/**
 * @param {string} site
 * @param {AbortSignal} signal
 * @returns {Promise<Summary>}
 */
export function readSummary(site, signal) {
  return read('api/summary', { site }, signal);
}

/**
 * @param {View} view
 * @param {AbortSignal} signal
 * @returns {Promise<Report>}
 */
export function readPages({ page, ...choice }, signal) {
  const offset = `${(page - 1) * PAGES_AT_A_TIME}`;
  return read('api/pages', { ...choice, limit: `${PAGES_AT_A_TIME}`, offset }, signal);
}

/** @returns {Promise<{ findings: Finding[] }>} */
export async function readHealth() {
  return contentOf(await ask('api/doctor', {}));
}

/**
 * Changes something, or tells what would change.
 * @param {Order} order
 * @param {{ isTrial: boolean }} options
 * @returns {Promise<Effect>}
 */
export async function correct({ action, ...fields }, { isTrial }) {
  const address = action === 'purge' ? 'api/likes/purge' : `api/pages/${action}`;
  return contentOf(await post(address, { ...fields, dry_run: isTrial }));
}

/** @param {number} correction */
export async function undo(correction) {
  await post('api/undo', { correction });
}

/**
 * @param {string} site
 * @param {{ offset: number, limit: number }} part of the reasons, which begin with the newest
 * @param {AbortSignal} signal
 * @returns {Promise<Reasons>}
 */
export function readReasons(site, { offset, limit }, signal) {
  return read('api/reasons', { site, offset: `${offset}`, limit: `${limit}` }, signal);
}

/**
 * @param {string} site
 * @param {number} reason
 */
export async function deleteReason(site, reason) {
  await post('api/reasons/delete', { site, reason });
}

/**
 * @param {string} site
 * @param {string | undefined} page
 * @param {AbortSignal} signal
 * @returns {Promise<Referrers>}
 */
export function readReferrers(site, page = '', signal) {
  return read('api/referrers', { site, page }, signal);
}

/**
 * @param {string} site
 * @param {{ before?: number, limit: number }} part of the log, which begins with the newest line
 * @param {AbortSignal} signal
 * @returns {Promise<{ corrections: Change[] }>}
 */
export function readChanges(site, { before, limit }, signal) {
  const from = before === undefined ? '' : `${before}`;
  return read('api/audit', { site, before: from, limit: `${limit}` }, signal);
}

/**
 * @param {string} address
 * @param {Record<string, string>} parameters of which empty ones are left to the service
 * @param {AbortSignal} signal
 */
async function read(address, parameters, signal) {
  const said = Object.entries(parameters).filter(([, value]) => value);
  return contentOf(await ask(`${address}?${new URLSearchParams(said)}`, { signal }), signal);
}

/**
 * @param {Response} response
 * @param {AbortSignal} [signal]
 */
function contentOf(response, signal) {
  return response.json().catch((error) => {
    if (signal?.aborted) throw error;
    throw new Refusal('unreachable', 'Something else than the service answers at its address.');
  });
}

/**
 * @param {string} address
 * @param {object} body
 */
function post(address, body) {
  const headers = { 'Content-Type': 'application/json' };
  return ask(address, { method: 'POST', headers, body: JSON.stringify(body) });
}

/**
 * @param {string} address relative to the page, which may stand under a prefix
 * @param {RequestInit} init
 */
async function ask(address, init) {
  const response = await fetch(address, { cache: 'no-store', ...init }).catch((error) => {
    if (init.signal?.aborted) throw error;
    throw new Refusal('unreachable', 'The service cannot be reached. Is it running?');
  });
  if (!response.ok) throw await refusalIn(response);
  return response;
}

/** @param {Response} response */
async function refusalIn(response) {
  const waitSeconds = Number(response.headers.get('Retry-After')) || 0;
  try {
    const { code, detail } = await response.json();
    return new Refusal(`${code}`, `${detail}`, waitSeconds);
  } catch {
    // A proxy's own page: not a word of it is the service's.
    const detail = `The service cannot be reached: its proxy says ${response.status}.`;
    return new Refusal('unreachable', detail);
  }
}
