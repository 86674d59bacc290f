/** What a change does, in words. Names stand in elements of their own, always as text. */
import { momentOfHour } from './moment.js';
import { nameOf, VIEWS } from './summary.js';

/** @typedef {import('./service.js').Change} Change */
/** @typedef {import('./service.js').Counts} Counts */
/** @typedef {import('./service.js').Effect} Effect */
/** @typedef {import('./service.js').Order} Order */
/** @typedef {(string | Node)[]} Words */
/** @typedef {Record<string, any>} Fields */

/** @type {Record<string, (asked: Fields, done: Fields) => Words>} */
const DONE = {
  set: ({ page, kind, count }, { before }) => [
    `Set ${thing(kind)} of `,
    name(page),
    ` from ${number(before?.[kind])} to ${number(count)}.`,
  ],
  rename: ({ page }, { page: now }) => ['Renamed ', name(page), ' to ', name(now), '.'],
  merge: ({ page }, { page: now }) => ['Merged ', name(page), ' into ', name(now), '.'],
  alias: ({ page }, { page: now }) => ['Let ', name(page), ' count for ', name(now), '.'],
  block: ({ page }) => ['Blocked ', name(page), '.'],
  unblock: ({ page }) => ['Unblocked ', name(page), '.'],
  delete: ({ page }, { before }) => ['Deleted ', name(page), ` (${list(before)}).`],
  purge: (asked, { removed, kept }) => [
    `Removed ${likes(removed)} of `,
    asked.page === undefined ? 'all pages' : name(asked.page),
    `${hours(asked)}. Kept ${number(kept)}.`,
  ],
  reason: ({ page, kind }) => [`Deleted a reason for ${nameOf(kind)} of `, name(page), '.'],
  undo: ({ correction }) => [`Undid number ${correction}.`],
};

/** @type {Record<string, (asked: Fields, effect: Effect) => Words>} */
const WOULD = {
  set: (_, effect) => [`${changes(effect)}.`],
  rename: ({ page }, effect) => [
    'The page is called ',
    name(effect.page),
    ` and keeps ${list(effect.before)}. `,
    name(page),
    ' goes on counting for it.',
  ],
  merge: ({ page }, effect) => [
    name(effect.page),
    `: ${changes(effect)}. `,
    name(page),
    ' goes from the list and counts for it.',
  ],
  block: (_, { before }) => [`Takes no more likes, keeps ${list(before)}.`],
  unblock: (_, { before }) => [`Takes likes again, on top of ${list(before)}.`],
  delete: (_, effect) => [`${changes(effect)}. The page goes from the list.`],
  purge: (_, { removed, kept }) => [`Removes ${likes(removed)}, keeps ${number(kept)}.`],
};
WOULD.alias = WOULD.merge;

/**
 * What has been changed.
 * @param {Pick<Change, 'action' | 'asked' | 'done'>} change
 */
export function told({ action, asked, done }) {
  return DONE[action]?.(asked, done) ?? [action];
}

/**
 * What an order has done.
 * @param {Order} order
 * @param {Effect} effect
 */
export function toldOf(order, effect) {
  return told({ action: order.action, asked: asked(order), done: effect });
}

/**
 * What an order would do.
 * @param {Order} order
 * @param {Effect} effect
 */
export function foreseen(order, effect) {
  return WOULD[order.action](asked(order), effect);
}

/** @param {number} [count] */
export function likes(count) {
  return count === 1 ? '1 like' : `${number(count)} likes`;
}

/** @param {number} [count] */
export function readers(count) {
  return count === 1 ? '1 reader' : `${number(count)} readers`;
}

/**
 * An order as the audit log has it: `page` is what becomes another.
 * @param {Order} order
 * @returns {Fields}
 */
function asked({ alias, ...fields }) {
  return alias === undefined ? fields : { ...fields, page: alias };
}

/** @param {string | null} [page] */
function name(page) {
  const item = document.createElement('bdi');
  item.textContent = page ?? '';
  return item;
}

/** @param {number} [count] */
function number(count = 0) {
  return count.toLocaleString();
}

/** @param {string} kind */
function thing(kind) {
  if (kind === VIEWS) return 'readers';
  return kind === 'like' ? 'likes' : nameOf(kind);
}

/** @param {Counts} [counts] */
function list(counts = {}) {
  const parts = Object.entries(counts).map(([kind, count]) => counted(kind, count));
  return parts.join(', ') || 'no likes';
}

/**
 * @param {string} kind
 * @param {number} count
 */
function counted(kind, count) {
  if (kind === VIEWS) return readers(count);
  return kind === 'like' ? likes(count) : `${number(count)} ${nameOf(kind)}`;
}

/** @param {Effect} effect */
function changes({ before = {}, after = {} }) {
  const kinds = Object.keys({ ...before, ...after });
  const parts = kinds.map(
    (kind) => `${nameOf(kind)} ${number(before[kind])} → ${number(after[kind])}`,
  );
  return parts.join(', ') || 'No likes';
}

/** @param {Fields} asked */
function hours({ first_hour: first, last_hour: last }) {
  const from = first === undefined ? '' : ` from ${momentOfHour(first)}`;
  const until = last === undefined ? '' : ` until ${momentOfHour(last + 1)}`;
  return from + until;
}
