/**
 * The like button as a component of React, 18 or newer; it needs nothing of Docusaurus.
 * What stands inside it is shown where no script runs.
 */

import { useEffect } from 'react';
import { attributes, checked, told } from './button.mjs';

// Once for each document, however many buttons React makes: an element is defined only once.
const loaded = new Set();

const load = (src, integrity) => {
  if (loaded.has(src) || customElements.get('like-wise')) return;
  loaded.add(src);
  const proof = integrity ? { crossOrigin: 'anonymous', integrity } : {};
  document.head.append(
    Object.assign(document.createElement('script'), { src, async: true, ...proof }),
  );
};

/** `page` and the settings of the site are needed; throws where these cannot work. */
export default function LikeWise({ page, counts, isDraft, children, ...wishes }) {
  const settings = checked(wishes);
  const values = attributes(page, settings, {}, isDraft);
  useEffect(() => load(settings.script, settings.integrity), [settings.script, settings.integrity]);
  return (
    // Another page is another element: the widget may have changed this one's attributes.
    <like-wise key={page} {...values} suppressHydrationWarning>
      {children}
      {told(counts, values.kind)}
    </like-wise>
  );
}
