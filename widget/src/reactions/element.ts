import { adopt } from './page';

/** `<like-wise>` with all that it can do. */
export class LikeWise extends HTMLElement {
  static observedAttributes = [
    'page',
    'site',
    'kind',
    'api',
    'label',
    'readonly',
    'sig',
    'views',
    'icon',
    'reason',
    'lang',
  ];

  connectedCallback(): void {
    adopt(this);
  }

  attributeChangedCallback(): void {
    if (this.isConnected) adopt(this);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'like-wise': LikeWise;
  }
}
