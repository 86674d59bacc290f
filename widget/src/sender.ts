/**
 * Carries wishes to the service: one request in flight per like, and only the latest wish.
 * Knows nothing of how a like is shown.
 */
import { amend, key, type Like, vote, voter } from './memory';

/** What the service answers: the state that it stored or, of a refusal, why. */
interface Answer {
  page: string;
  kind: string;
  on: boolean;
  count: number;
  code: string;
  detail: string;
}

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
  for (let { wish } = vote(like); wish !== undefined; { wish } = vote(like)) {
    let answer: Partial<Answer> = {};
    let waitSeconds = 0;
    try {
      // A plain string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
      const response = await fetch(`${api}/v1/like`, {
        method: 'POST',
        keepalive: true,
        body: JSON.stringify({ ...body, on: wish, voter: voter() }),
      });
      const { status } = response;
      if (status === 429) waitSeconds = Number(response.headers.get('retry-after'));
      else if (status > 399 && status < 500) waitSeconds = Infinity;
      answer = await response.json();
    } catch {
      // No network, no CORS headers on a proxy's own page, or no JSON: the outcome is unknown.
    }
    const { wish: latest, late } = vote(like);
    if (answer.on === wish) {
      amend(like, {
        on: wish,
        count: answer.count,
        time: Date.now(),
        wish: latest === wish ? undefined : latest,
        late: undefined,
      });
      report('change', answer);
      pauseSeconds = 1;
    } else if (waitSeconds > 30 || pauseSeconds > 8) {
      amend(like, waitSeconds > 30 || late ? { wish: undefined, late: undefined } : { late: true });
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
