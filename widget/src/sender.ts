/**
 * Carries wishes to the service: one request in flight per like, and only the latest wish.
 * Knows nothing of how a like is shown.
 */
import { amend, confirm, key, type Like, vote, voter } from './memory';

/** What the service answers: the state that it stored or, of a refusal, why. */
interface Answer {
  page: string;
  kind: string;
  on: boolean;
  count: number;
  code: string;
  detail: string;
}

const LONGEST_WAIT_SECONDS = 30;
const LONGEST_PAUSE_SECONDS = 8;

const inFlight = new Set<string>();

/** Sends what the reader wishes until the service agrees, refuses, or stays out of reach. */
export async function send(
  like: Like,
  report: (type: string, detail: Partial<Answer> & { message?: string }) => void,
): Promise<void> {
  const name = key(like);
  if (inFlight.has(name)) return;
  inFlight.add(name);
  const { api, ...body } = like;
  let pauseSeconds = 1;
  for (;;) {
    const { wish } = vote(like);
    if (wish === undefined) break;
    let answer: Partial<Answer> = { code: 'unreachable', detail: 'Likes are out of reach.' };
    let waitSeconds = 0;
    try {
      // A plain string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
      const response = await fetch(`${api}/v1/like`, {
        method: 'POST',
        keepalive: true,
        body: JSON.stringify({ ...body, on: wish, voter: voter() }),
      });
      answer = await response.json();
      if (response.status < 500) waitSeconds = Number(response.headers.get('retry-after')) || Infinity;
    } catch {
      // No network, no CORS headers on a proxy's own page, or no JSON: the outcome is unknown.
    }
    if (answer.on === wish) {
      confirm(like, wish, answer.count);
      report('change', answer);
      pauseSeconds = 1;
    } else if (waitSeconds > LONGEST_WAIT_SECONDS || pauseSeconds > LONGEST_PAUSE_SECONDS) {
      const isOver = waitSeconds > LONGEST_WAIT_SECONDS || vote(like).late;
      amend(like, isOver ? { wish: undefined, late: undefined } : { late: true });
      report('error', { code: answer.code, message: answer.detail });
      break;
    } else {
      // Jitter, so that readers who lost the service together do not return together.
      const seconds = waitSeconds || pauseSeconds * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      pauseSeconds *= 2;
    }
  }
  inFlight.delete(name);
}
