/** Counts of a page by kind, and when they were told in milliseconds since 1970. */
type Reading = [counts: Record<string, number>, time: number];

/** What the service told, by the address that was asked. */
export const readings: Record<string, Reading> = {};

export const unread: Reading = [{}, Date.now()];
