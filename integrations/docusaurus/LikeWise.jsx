/**
 * The like button as a component of React, 18 or newer; it needs nothing of Docusaurus.
 * What stands inside it is shown where no script runs.
 */

import { useEffect } from 'react';
import { attributes, checked, told } from './button.mjs';

// One tag for each document, however many buttons React makes. The document is asked, since a bundler
// may put a copy of this module into each of its files.
const load = (src, integrity) => {
  const address = new URL(src, document.baseURI).href;
  if (Array.from(document.scripts).some((script) => script.src === address)) return;
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
