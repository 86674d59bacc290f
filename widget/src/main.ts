import { LikeWise } from './element';
import { elements, showAll } from './shown';

customElements.define('like-wise', LikeWise);
addEventListener('storage', showAll);
// Back out of the back/forward cache a page is as old as when it was left.
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const element of elements) element.connectedCallback();
});
