import { likeOf } from './attributes';
import { build, type Parts, show } from './button';
import { read } from './counts';
import { keep, voteOf } from './memory';
import { send } from './sender';
import { elements, showAll } from './shown';

/** `<like-wise>`: shows and takes likes of a page. */
export class LikeWise extends HTMLElement {
  parts?: Parts;

  static observedAttributes = ['page', 'site', 'kind', 'api', 'label', 'readonly'];

  connectedCallback(): void {
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
    elements.add(this);
    read();
    send(this);
    show(this);
  }

  disconnectedCallback(): void {
    elements.delete(this);
  }

  attributeChangedCallback(): void {
    if (elements.has(this)) this.connectedCallback();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'like-wise': LikeWise;
  }
}
