import { createButton } from './button';
import { read, reading } from './counts';
import { amend, elements, key, type Like, vote } from './memory';
import { send } from './sender';

// An answer out of a cache may be 65 s old: for 90 s the reader's own confirmation is newer.
const OWN_COUNT_MS = 90_000;

// The service answers where its script came from, below a prefix too.
const script = document.currentScript as HTMLScriptElement | null;

function ownPage(): string {
  try {
    const { href } = document.querySelector('link[rel=canonical]') as HTMLLinkElement;
    const { host, pathname } = new URL(href);
    if (host === location.host) return pathname;
  } catch {}
  return location.pathname;
}

/** `<like-wise>`: shows and takes likes of a page. Its attributes are its only configuration. */
export class LikeWise extends HTMLElement {
  like!: Like;
  parts;

  static get observedAttributes(): string[] {
    return ['page', 'site', 'kind', 'api', 'sig', 'label', 'readonly'];
  }

  constructor() {
    super();
    this.parts = createButton(this.attachShadow({ mode: 'open', delegatesFocus: true }));
    this.parts[0].onclick = () => {
      if (this.hasAttribute('readonly')) return;
      amend(this.like, { wish: !this.hasAttribute('liked'), late: undefined });
      this.send();
    };
  }

  connectedCallback(): void {
    elements.add(this);
    this.attributeChangedCallback();
  }

  disconnectedCallback(): void {
    elements.delete(this);
  }

  attributeChangedCallback(): void {
    if (!elements.has(this)) return;
    const former = this.like;
    const get = (name: string) => this.getAttribute(name) || undefined;
    this.like = {
      api: (get('api') ?? script?.src ?? '').replace(/\/([^/]*\.js(\?.*)?)?$/, ''),
      site: get('site'),
      page: get('page') ?? ownPage(),
      kind: get('kind') ?? 'like',
      sig: get('sig'),
    };
    // A new label needs no request, and neither does a new place in the document.
    if (!former || key(former) !== key(this.like)) this.refresh();
    this.render();
  }

  /** Reads the counts anew, and sends what an earlier visit could not. */
  refresh(): void {
    read(this);
    this.send();
  }

  render(): void {
    const [button, count] = this.parts;
    const { on, wish, late, count: own, time } = vote(this.like);
    const [counts, readTime] = reading(this.like);
    const isLiked = late ? on : (wish ?? on);
    const known = readTime - time! < OWN_COUNT_MS ? own : counts[this.like.kind];
    const shown = known! + +isLiked - +on;
    this.toggleAttribute('liked', isLiked);
    button.ariaLabel = this.getAttribute('label') || 'Like';
    button.ariaPressed = `${isLiked}`;
    button.ariaDisabled = `${this.hasAttribute('readonly')}`;
    let text = '', title = '';
    if (shown >= 0) try { const lang = this.closest<HTMLElement>('[lang]')?.lang
      text = shown.toLocaleString(lang, {notation: 'compact'})
      title = shown.toLocaleString(lang)
     } catch { text = title = `${shown}` }
    count.textContent = text;
    count.title = title;
  }

  private send(): void {
    send(this.like, (type, detail) => {
      this.parts[2].textContent = detail.message as string;
      if (detail.code === 'origin_refused') {
        this.toggleAttribute('readonly', true);
        console.warn('LIKEWISE_ORIGINS:', detail.message);
      }
      this.dispatchEvent(
        new CustomEvent(`likewise:${type}`, { detail, bubbles: true, composed: true }),
      );
    });
  }
}
