import { likeOf } from '../attributes';
import { ask, parsed } from '../counts';
import { keep, voteOf } from '../memory';
import { build, elements, type Parts, show, showAll } from './button';
import { more, reactions } from './more';
import { send } from './sender';

// Whatever is more than a like in English is the second script's.
const MORE = '[kind],[views],[icon],[reason],[lang]:not([lang^=en])';

let asking: unknown;

/** Asks for all counts, once for all that call it in the same task. */
export const read = (): void => {
  if (asking) return;
  asking = parsed.then(() => {
    asking = 0;
    ask(
      [...elements].map((element) => likeOf(element)),
      showAll,
    );
  });
};

/** `<like-wise>`: shows and takes likes of a page. */
export class LikeWise extends HTMLElement {
  parts?: Parts;

  static observedAttributes = [
    'page',
    'site',
    'kind',
    'api',
    'label',
    'readonly',
    'views',
    'icon',
    'reason',
  ];

  connectedCallback(): void {
    elements.add(this);
    if (reactions || this.closest(MORE)) {
      more();
      return;
    }
    if (!this.parts)
      build(this, () => {
        if (this.hasAttribute('readonly')) return;
        const { key } = likeOf(this);
        const vote = voteOf(key);
        vote[1] = !vote[1];
        keep(key, vote);
        showAll();
        send(this);
      });
    read();
    send(this);
    show(this);
  }

  disconnectedCallback(): void {
    elements.delete(this);
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.connectedCallback();
  }
}
