import { createButton } from './button';
import { read, reading } from './counts';
import { amend, changed, elements, key, type Like, vote } from './memory';
import { ownPage } from './page';
import { send } from './sender';

// An answer out of a cache may be 65 s old: for 90 s the reader's own confirmation is newer.
const OWN_COUNT_MS = 90_000;

// The service answers where its script came from, below a prefix too.
const script = globalThis.document?.currentScript as HTMLScriptElement | null | undefined;

// Where there is no browser the module can still be loaded.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** `<like-wise>`: shows and takes likes of a page. Its attributes are its only configuration. */
export class LikeWise extends Base {
  like!: Like;
  parts = createButton(this.attachShadow({ mode: 'open', delegatesFocus: true }));

  static get observedAttributes(): string[] {
    return ['page', 'site', 'kind', 'api', 'sig', 'label', 'readonly'];
  }

  connectedCallback(): void {
    elements.add(this);
    this.parts[0].onclick = () => this.toggle();
    this.attributeChangedCallback();
  }

  disconnectedCallback(): void {
    elements.delete(this);
  }

  attributeChangedCallback(): void {
    if (!elements.has(this)) return;
    const former = this.like && key(this.like);
    const get = (name: string) => this.getAttribute(name) || undefined;
    this.like = {
      api: (get('api') ?? script?.src ?? '').replace(/\/([^/]*\.js(\?.*)?)?$/, ''),
      site: get('site'),
      page: get('page') ?? ownPage(),
      kind: get('kind') ?? 'like',
      sig: get('sig'),
    };
    // A new label needs no request, and neither does a new place in the document.
    if (former !== key(this.like)) this.refresh();
    this.render();
  }

  /** Reads the counts anew, and sends what an earlier visit could not. */
  refresh(): void {
    read(this);
    this.send();
  }

  render(): void {
    const [button, count, status] = this.parts;
    const { on, wish, late, count: own, time } = vote(this.like);
    const [counts, readTime] = reading(this.like);
    const isLiked = late ? on : (wish ?? on);
    const known = readTime - time < OWN_COUNT_MS ? own : counts[this.like.kind];
    const shown = Math.max(0, known + Number(isLiked) - Number(on))
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

  private toggle(): void {
    if (this.hasAttribute('readonly')) return;
    this.parts[2].textContent = '';
    amend(this.like, { wish: !this.hasAttribute('liked'), late: undefined });
    this.send();
  }

  private send(): void {
    send(this.like, (type, detail) => {
      this.dispatchEvent(
        new CustomEvent(`likewise:${type}`, { detail, bubbles: true, composed: true }),
      );
      this.parts[2].textContent = detail.message ?? '';
      if (detail.code === 'origin_refused') {
        this.toggleAttribute('readonly', true);
        console.warn(`LIKEWISE_ORIGINS does not list ${location.origin}:`, detail.message);
      }
    });
  }
}
