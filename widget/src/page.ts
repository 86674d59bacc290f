/** `href` in its parts. A link parses what `new URL` would throw at. */
export function located(href: string): HTMLAnchorElement {
  return Object.assign(document.createElement('a'), { href });
}

/** The page that an element stands on: what the site calls canonical, unless that is another site's. */
export function ownPage(): string {
  const canonical = document.querySelector<HTMLLinkElement>('link[rel~=canonical]')?.href;
  const { host, pathname } = located(canonical || location.href);
  return host === location.host ? pathname : location.pathname;
}
