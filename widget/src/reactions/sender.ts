/**
 * Carries wishes to the service: one request in flight per page, and only the latest wish.
 * Knows nothing of how anything is shown.
 */

import type { Like } from '../attributes';
import { readings } from '../counts';
import { confirm, keep, voteOf, voter } from '../memory';
import { maxOf, rivalsOf } from './rules';

/** The state that the service stored or, of a refusal, its problem document. */
export interface Answer {
  on?: boolean;
  count?: number;
  counts?: Record<string, number>;
  left?: string[];
  reason?: boolean;
  code?: string;
  detail?: string;
}

/** What came back, and how long the service asks to wait: for ever where it names no time. */
interface Outcome {
  answer: Answer;
  waitSeconds: number;
}

const LONGEST_WAIT_SECONDS = 30;
/** Of a private kind: below 0 whatever the reader wants next, and so never shown. */
const UNTOLD = -2;
/** Who claps does so several times in a row. */
const CLAPPING_MS = 600;

const owed = new Map<string, [Like, HTMLElement]>();
const inFlight = new Set<string>();

const pageOf = ({ source, page }: Like): string => source + page;

/** What others have put into the storage counts as none: it would never be agreed on. */
const amount = (part: unknown): number => Number(part) || 0;

const isOwed = ({ key }: Like): boolean => {
  const [on, wish] = voteOf(key);
  return amount(on) !== amount(wish);
};

/** The same like of another kind. */
const otherKind = (like: Like, kind: string): Like => ({
  ...like,
  kind,
  // As `likeOf` makes it: to share it would cost likes.js five bytes.
  key: `likewise:${[like.source, kind, like.page]}`,
});

/** Resolved after a while, or when one of these events comes. */
const pause = (ms: number, ...events: string[]): Promise<unknown> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
    for (const event of events) addEventListener(event, resolve, { once: true });
  });

const wishFor = (like: Like, wish: boolean | number): void => {
  const vote = voteOf(like.key);
  vote[1] = wish;
  keep(like.key, vote);
};

/** Takes down a wish, and sends it. What it takes the place of is given up at once. */
export const want = (like: Like, wish: boolean | number, element: HTMLElement): void => {
  wishFor(like, wish);
  if (wish) {
    for (const kind of rivalsOf(like)) wishFor(otherKind(like, kind), false);
  }
  owe(like, element);
};

/** Sends a wish that the service has not agreed to yet, with all others of its page. */
export const owe = (like: Like, element: HTMLElement): void => {
  if (!isOwed(like)) return;
  owed.set(like.key, [like, element]);
  send(pageOf(like));
};

/** States a like as the reader wants it. Undefined, the outcome is unknown: it is safe to do again. */
export const post = async (like: Like, more?: { reason: string }): Promise<Outcome | undefined> => {
  const { key, api, source, ...body } = like;
  const wish = voteOf(key)[1];
  // What is left of an earlier visit may be sent before the rules are told: claps are a number.
  const given = typeof wish === 'number' ? { n: wish } : { on: Boolean(wish) };
  try {
    // A plain string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
    const response = await fetch(`${api}like`, {
      method: 'POST',
      keepalive: true,
      body: JSON.stringify({ ...body, ...given, voter: voter(), ...more }),
    });
    const answer: Answer = (await response.json()) ?? {};
    const waitSeconds = Number(response.headers.get('retry-after') || Number.POSITIVE_INFINITY);
    return response.status < 500 ? { answer, waitSeconds } : undefined;
  } catch {
    // No network, or a proxy's own page.
    return undefined;
  }
};

const next = (page: string): [Like, HTMLElement] | undefined => {
  const all = [...owed.values()].filter(([like]) => pageOf(like) === page && isOwed(like));
  // Who changes his mind between two kinds gives the new one, and that takes the old one away.
  return all.find(([like]) => voteOf(like.key)[1]) ?? all[0];
};

const send = async (page: string): Promise<void> => {
  if (inFlight.has(page)) return;
  inFlight.add(page);
  let pauseMs = 1000;
  for (let first = next(page); first; first = next(page)) {
    const [like, element] = first;
    if (maxOf(like) > 1) await pause(CLAPPING_MS, 'pagehide', 'visibilitychange');
    const wish = voteOf(like.key)[1];
    const outcome = await post(like);
    if (outcome?.answer.on === Boolean(wish)) {
      agree(like, wish, outcome.answer);
      tell(element, 'change', outcome.answer);
    } else if (outcome && outcome.waitSeconds > LONGEST_WAIT_SECONDS) {
      refuse(like, element, outcome.answer);
    } else {
      // Jitter keeps those apart who lost the service together; being online again ends any pause.
      // A time that is none, or over already, is no leave to ask without end.
      const asked = outcome && outcome.waitSeconds >= 1 ? outcome.waitSeconds * 1000 : undefined;
      await pause(asked ?? (pauseMs *= 2) * Math.random(), 'online');
    }
  }
  inFlight.delete(page);
};

const agree = (like: Like, wish: boolean | number, { count, counts, left }: Answer): void => {
  confirm(like.key, wish, count ?? UNTOLD);
  const [former] = readings[pageOf(like)] ?? [];
  readings[pageOf(like)] = [{ ...former, ...counts }, Date.now()];
  for (const kind of Array.isArray(left) ? left : []) {
    const rival = otherKind(like, kind);
    wishFor(rival, false);
    confirm(rival.key, false, counts?.[kind] ?? UNTOLD);
  }
};

const refuse = (like: Like, element: HTMLElement, answer: Answer): void => {
  for (const one of [like, ...rivalsOf(like).map((kind) => otherKind(like, kind))])
    wishFor(one, voteOf(one.key)[0]);
  console.warn(answer.detail);
  if (answer.code === 'origin_refused') element.setAttribute('readonly', '');
  tell(element, 'error', { ...answer, message: answer.detail });
};

const tell = (element: HTMLElement, name: string, detail: object): void => {
  element.dispatchEvent(
    new CustomEvent(`likewise:${name}`, { detail, bubbles: true, composed: true }),
  );
};
