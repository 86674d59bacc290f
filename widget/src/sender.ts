/**
 * Carries wishes to the service: one request in flight per like, and only the latest wish.
 * Knows nothing of counts and buttons, except where to say why.
 */

import { likeOf } from './attributes';
import type { Parts } from './button';
import type { LikeWise } from './element';
import { formerKey, keep, storage, voteOf } from './memory';
import { showAll } from './shown';

/** The state that the service stored or, of a refusal, its problem document. */
interface Answer {
  on?: boolean;
  count: number;
  code?: string;
  detail?: string;
  message?: string;
}

const LONGEST_WAIT_SECONDS = 30;

const inFlight: Record<string, number> = {};

/**
 * Sends what the reader wants until the service agrees or refuses, and tells which.
 * A wish that gets no answer stays in memory, and is sent again at the next visit.
 */
export const send = async (element: LikeWise): Promise<void> => {
  const { key, api, source, ...body } = likeOf(element);
  if (inFlight[key]) return;
  inFlight[key] = 1;
  let pauseMs = 1000;
  let wish: boolean;
  let answer = { on: voteOf(key)[0] } as Answer;
  while ((wish = voteOf(key)[1]) !== answer.on) {
    let waitSeconds: number | undefined;
    answer = {} as Answer;
    try {
      // The reader's token, 128 random bits: made when it is first sent, so never before a click.
      const voter = (storage['likewise:voter'] ||= crypto
        .getRandomValues(new Uint32Array(4))
        .join('-'));
      // A plain string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
      const response = await fetch(`${api}like`, {
        method: 'POST',
        keepalive: true,
        body: JSON.stringify({ ...body, on: wish, voter }),
      });
      answer = await response.json();
      // A refusal that names no time is final.
      waitSeconds = (response.status < 500 &&
        (response.headers.get('retry-after') || 99)) as number;
    } catch {
      // No network, or a proxy's own page: the outcome is unknown, and it is safe to send again.
    }
    const vote = voteOf(key);
    if (answer.on === wish) {
      delete storage[formerKey(key)];
      keep(key, [wish, vote[1], answer.count, Date.now()]);
    } else if ((waitSeconds as number) > LONGEST_WAIT_SECONDS) {
      vote[1] = answer.on = vote[0];
      keep(key, vote);
      console.warn(answer.detail);
      if (answer.code === 'origin_refused') element.setAttribute('readonly', '');
    } else {
      // Jitter keeps those apart who lost the service together; being online again ends any pause.
      await new Promise((resolve) => {
        setTimeout(resolve, (waitSeconds as number) * 1000 || (pauseMs *= 2) * Math.random());
        addEventListener('online', resolve);
      });
      continue;
    }
    showAll();
    (element.parts as Parts)[3].textContent = answer.message = answer.detail as string;
    // By what stands, since a proxy's refusal may say nothing.
    element.dispatchEvent(
      new CustomEvent(`likewise:${answer.on === wish ? 'change' : 'error'}`, {
        detail: answer,
        bubbles: true,
        composed: true,
      }),
    );
  }
  inFlight[key] = 0;
};
