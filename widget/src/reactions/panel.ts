/**
 * One element as it is seen and heard: a button for each kind, readers, and what to say.
 * Knows nothing of requests.
 */

import { type Like, likeOf } from '../attributes';
import { countOf, readings } from '../counts';
import css from '../likes/button.css';
import { voteOf } from '../memory';
import { languageOf, numberIn, textOf } from '../texts/languages';
import type { Texts } from '../texts/texts';
import { burst } from './burst';
import { eye, iconOf } from './icons';
import { make } from './make';
import ownCss from './panel.css';
import { askWhy, type Why } from './reason';
import { maxOf } from './rules';
import { want } from './sender';

/** The style inside every element. */
export const styles: string = css + ownCss;

const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);

/** What decides which parts there are; any other change is shown in those. */
const SHAPE = ['page', 'site', 'kind', 'api', 'sig', 'label', 'icon', 'views', 'reason'];

const shapeOf = (element: Element): string =>
  JSON.stringify([languageOf(element), ...SHAPE.map((name) => element.getAttribute(name))]);

const hidden = (child: HTMLElement): HTMLElement => {
  child.className = 'heard';
  return child;
};

/** One kind's button, with the one beside it that takes claps back. */
interface Choice {
  like: Like;
  label: string;
  button: HTMLButtonElement;
  icon: Element;
  count: HTMLElement;
  less: HTMLButtonElement;
}

export class Panel {
  readonly likes: [Like, ...Like[]];
  private readonly choices: Choice[];
  private readonly views = make('span', '');
  private readonly spoken = hidden(make('output', ''));
  private readonly group: HTMLElement;
  private readonly shape: string;
  private why: Why | undefined;

  constructor(
    readonly element: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.shape = shapeOf(element);
    const kinds = element.getAttribute('kind')?.trim().split(/\s+/) ?? [];
    const named = kinds[0] ? kinds : [undefined];
    const [labels, icons] = ['label', 'icon'].map((name) => this.list(name, named.length)) as [
      string[],
      string[],
    ];
    this.choices = named.map((kind, nth) => this.choice(kind, labels[nth], icons[nth]));
    this.likes = this.choices.map(({ like }) => like) as [Like, ...Like[]];
    this.group = this.build();
  }

  /** Tells whether its parts are still what the attributes ask for. */
  isStill(): boolean {
    return this.shape === shapeOf(this.element);
  }

  /** The values of an attribute for each kind: with several kinds there may be one for each. */
  private list(name: string, number: number): string[] {
    const value = this.element.getAttribute(name);
    if (!value) return [];
    return number > 1 ? value.split(/[,،，、]/).map((one) => one.trim()) : [value];
  }

  private text(name: keyof Texts): string {
    return textOf(this.element, name) ?? '';
  }

  private choice(kind: string | undefined, named?: string, asked?: string): Choice {
    // The service counts emoji without the variation selector that some keyboards add.
    const like = likeOf(this.element, kind?.normalize().replace(/\uFE0F/g, ''));
    const label = named || (kind && kind !== 'like' ? kind : this.text('like'));
    const icon = iconOf(kind, asked || undefined, label);
    icon.setAttribute('part', 'icon');
    // A drawn picture is filled where its like stands; what cannot be gets a ring.
    const isDrawn = !(icon instanceof HTMLElement) || icon.localName === 'i';
    const count = make('span', 'count');
    const button = make('button', 'button', icon, count);
    const less = make('button', 'less', '−');
    button.className = isDrawn ? '' : 'ringed';
    less.className = 'less';
    button.type = less.type = 'button';
    const choice = { like, label, button, icon, count, less };
    button.onclick = () => this.give(choice);
    less.onclick = () => this.takeBack(choice);
    return choice;
  }

  private build(): HTMLElement {
    const root =
      this.element.shadowRoot ?? this.element.attachShadow({ mode: 'open', delegatesFocus: true });
    const hadFocus = root.activeElement !== null;
    const group = make(
      'div',
      'group',
      ...this.choices.flatMap(({ button, less }) => [button, less]),
    );
    if (this.choices.length > 1) {
      group.role = 'group';
      group.ariaLabel = this.text('reactions');
    }
    if (this.element.hasAttribute('views')) {
      const name = hidden(make('span', '', `${this.text('views')}: `));
      group.append(make('span', 'views', eye(), name, this.views));
    }
    root.adoptedStyleSheets = [sheet];
    root.replaceChildren(group, this.spoken);
    if (hadFocus) this.choices[0]?.button.focus();
    return group;
  }

  /** Shows what is known. */
  show(): void {
    const isReadonly = this.element.hasAttribute('readonly');
    for (const choice of this.choices) this.showOne(choice, isReadonly);
    // Taken back, here or by another button, a like has no reason to be asked for.
    if (this.why && !voteOf(this.why.like.key)[1]) this.why.close();
    this.element.toggleAttribute(
      'liked',
      this.likes.some(({ key }) => voteOf(key)[1]),
    );
    const { source, page } = this.likes[0];
    const views = readings[source + page]?.[0].views;
    this.views.textContent = views === undefined ? '' : numberIn(this.element, views);
    (this.views.parentElement as HTMLElement | null)?.toggleAttribute(
      'hidden',
      views === undefined,
    );
  }

  private showOne({ like, label, button, count, less }: Choice, isReadonly: boolean): void {
    const vote = voteOf(like.key);
    const [counts] = readings[like.source + like.page] ?? [];
    // A kind that is in no answer is the owner's to count.
    const isPrivate = counts && like.kind && !(like.kind in counts);
    const number = isPrivate ? Number.NaN : countOf(like, vote);
    const text = number >= 0 ? numberIn(this.element, number) : '';
    const isClap = maxOf(like) > 1;
    count.textContent = text;
    count.hidden = isPrivate as boolean;
    // The name holds what is to be seen, the number, for those who speak to the button (WCAG 2.5.3).
    button.ariaLabel = `${label} ${text}`.trim();
    button.ariaPressed = isClap ? null : String(Boolean(vote[1]));
    button.ariaDisabled = String(isReadonly);
    button.classList.toggle('given', Boolean(vote[1]));
    less.hidden = !isClap || !vote[1] || isReadonly;
    less.ariaLabel = `${this.text('undo')}: ${label}`;
  }

  private give({ like, label, button, icon }: Choice): void {
    if (this.element.hasAttribute('readonly')) return;
    const wish = voteOf(like.key)[1];
    const max = maxOf(like);
    // Claps of an earlier visit are a number, also before the rules are told.
    const isClap = max > 1 || (!max && typeof wish === 'number');
    const wanted = isClap ? Math.min(Number(wish) + 1, max || Number.POSITIVE_INFINITY) : !wish;
    if (wanted) burst(button, icon);
    if (isClap) this.say(`${label} +${numberIn(this.element, Number(wanted))}`);
    if (wanted !== wish) want(like, wanted, this.element);
    this.changed();
    this.ask(like, Boolean(wanted), button);
  }

  private takeBack({ like, label, button }: Choice): void {
    button.focus();
    want(like, 0, this.element);
    this.say(`${label} 0`);
    this.changed();
  }

  /** Asks why, where the author wants to know. */
  private ask(like: Like, isGiven: boolean, button: HTMLButtonElement): void {
    this.why?.close();
    this.why = undefined;
    const question = this.element.getAttribute('reason');
    if (question === null || !isGiven) return;
    this.why = askWhy({
      like,
      element: this.element,
      question: question || this.text('question'),
      text: (name) => this.text(name),
      say: (text) => this.say(text),
      done: () => button.focus(),
    });
    this.group.after(this.why.form);
    this.say(question || this.text('question'));
  }

  /** Says why a like was refused. English readers get the service's own words. */
  refuse({ code, message }: { code?: string; message?: string }): void {
    this.why?.close();
    this.say(this.text(code === 'too_many' ? 'many' : 'refused') || message || '');
  }

  /** Says something to those who listen, when they are free to. */
  private say(text: string): void {
    this.spoken.textContent = text;
  }
}
