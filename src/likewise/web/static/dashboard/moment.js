/** Moments as people read them: in UTC, as the service counts hours and days. */

const moment = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** @param {number} second since 1970 */
export function momentOf(second) {
  return `${moment.format(second * 1000)} UTC`;
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

/** @param {string} date as the service writes it */
export function dayOf(date) {
  return day.format(Date.parse(date));
}

/** @param {number} hour since 1970 */
export function momentOfHour(hour) {
  return momentOf(hour * 3600);
}

/**
 * @param {string} from as the service writes it
 * @param {string} to
 */
export function span(from, to) {
  return `${moment.formatRange(new Date(from), new Date(to))} UTC`;
}
