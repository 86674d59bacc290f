/** What a like, stored or taken back, has in its event. */
export interface LikeChange {
  page: string;
  kind: string;
  on: boolean;
  /** Not there, the kind is private. */
  count?: number;
  counts: Record<string, number>;
  /** Kinds of the reader's that this one took the place of. */
  left?: string[];
}

/** Why a like was refused. */
export interface LikeRefusal {
  code?: string;
  message?: string;
}

/** `<like-wise>`: shows and takes likes, reactions and claps of a page, and counts its readers. */
export class LikeWise extends HTMLElement {
  static observedAttributes: string[];
  connectedCallback(): void;
  attributeChangedCallback(): void;
}

/** Says where the service is, for elements without the attribute `api`: an address with a final slash. */
export const serviceAt: (folder: string) => void;

declare global {
  interface HTMLElementTagNameMap {
    'like-wise': LikeWise;
  }
  interface HTMLElementEventMap {
    'likewise:change': CustomEvent<LikeChange>;
    'likewise:error': CustomEvent<LikeRefusal>;
  }
}
