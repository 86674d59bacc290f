import { LikeWise } from './element';
import { changed, elements } from './memory';

function wake({persisted}: Event & {persisted?: boolean}) { if (persisted !== false) for (const element of elements) element.refresh() }
    customElements.define('like-wise', LikeWise);
    addEventListener('storage', changed);
    addEventListener('online', wake);
    // Back out of the back/forward cache a page is as old as when it was left.
    addEventListener('pageshow', wake);
