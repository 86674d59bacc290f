/** The parts of the button, in the element's shadow root. Knows nothing of what they show. */
import css from './button.css';

const HEART = 'M12 20.5 4.2 12.6a5 5 0 0 1 7.8-6.2 5 5 0 0 1 7.8 6.2z';

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

// By namespace and name: text that the browser would parse needs the page's leave under Trusted Types.
function add(parent: Node, space: string, name: string, attributes: Record<string, string>) {
  const element = document.createElementNS(`http://www.w3.org/${space}`, name);
  for (const key in attributes) element.setAttribute(key, attributes[key] as string);
  return parent.appendChild(element) as HTMLElement;
}

export function createButton(root: ShadowRoot): [button: HTMLElement, count: HTMLElement, status: HTMLElement] {
  root.adoptedStyleSheets = [sheet];
  const button = add(root, '1999/xhtml', 'button', {type: 'button', part: 'button', 'aria-describedby': 'count' });
  const icon = add(button, '2000/svg', 'svg', { part: 'icon', viewBox: '0 0 24 24' });
  add(icon, '2000/svg', 'path', { d: HEART });
  const count = add(button, '1999/xhtml', 'span', { part: 'count', id: 'count' });
  return [button, count, add(root, '1999/xhtml', 'p', { role: 'status' })];
}
