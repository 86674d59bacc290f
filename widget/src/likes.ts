import { showAll } from './likes/button';
import { LikeWise, read } from './likes/element';

customElements.define('like-wise', LikeWise);
addEventListener('storage', showAll);
// Back out of the back/forward cache a page is as old as when it was left.
addEventListener('pageshow', (event) => {
  if (event.persisted) read();
});
