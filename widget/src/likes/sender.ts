/**
 * Carries wishes to the service: one request in flight per like, and only the latest wish.
 * Knows nothing of counts and buttons; what is refused, the second script words and takes back.
 */

import { likeOf } from '../attributes';
import { confirm, voteOf, voter } from '../memory';
import { showAll } from './button';
import type { LikeWise } from './element';
import { more } from './more';

const inFlight: Record<string, unknown> = {};

/**
 * Sends what the reader wants until the service agrees. A wish that gets no answer stays in memory,
 * and is sent again at the next visit.
 */
export const send = async (element: LikeWise): Promise<void> => {
  const { key, api, source, ...body } = likeOf(element);
  if (inFlight[key]) return;
  inFlight[key] = 1;
  let pauseMs = 1000;
  let vote = voteOf(key);
  while (vote[0] !== vote[1]) {
    const on = vote[1];
    try {
      // A plain string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
      const response = await fetch(`${api}like`, {
        keepalive: true,
        method: 'POST',
        body: JSON.stringify({ ...body, on, voter: voter() }),
      });
      const detail = await response.json();
      // Where that script cannot be had either, the service is away.
      if (detail.on !== on) return await more();
      confirm(key, on, detail.count);
      showAll();
      element.dispatchEvent(
        new CustomEvent('likewise:change', { detail, composed: true, bubbles: true }),
      );
    } catch {
      // No network, or a proxy's own page: the outcome is unknown, and it is safe to send again.
      // Jitter keeps those apart who lost the service together; being online again ends any pause.
      await new Promise((resolve) => {
        setTimeout(resolve, (pauseMs *= 2) * Math.random());
        addEventListener('online', resolve);
      });
    }
    vote = voteOf(key);
  }
  inFlight[key] = 0;
};
