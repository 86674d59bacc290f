/** What one button counts, and where. */
export interface Like {
  page: string;
  site: string;
  /** Not there, it is the first one of the site. */
  kind?: string | undefined;
  /** Proof that the page exists, passed on as it came. */
  sig: string | undefined;
  /** Address of the service's API, with a final slash. */
  api: string;
  /** Address of all counts of the site, to which pages are added. */
  source: string;
  /** Its name in this browser's storage; ends with the page. */
  key: string;
}

// The service answers where its script came from, below a prefix too.
export let home = (document.currentScript as HTMLScriptElement | null)?.src.replace(/[^/]*$/, '');

/** Tells where the service is: a module is nobody's current script. */
export const comeFrom = (folder: string): void => {
  home = folder;
};

/** Reads an element's attributes, which are its only configuration. */
export const likeOf = (element: Element, kind?: string): Like => {
  const get = (name: string, other?: string) => element.getAttribute(name) || (other as string);
  // What the page calls its address, unless that is on another host. Resolved, it may be no URL.
  const { href } = document.querySelector<HTMLLinkElement>('[rel=canonical]') ?? location;
  const own = new URL(href.split('/')[2] === location.host ? href : (location as unknown as URL));
  const page = get('page', own.pathname);
  const site = get('site', 'default');
  const api = get('api', home as string).replace(/\/?$/, '/v1/');
  const source = `${api}counts?site=${site}`;
  return {
    key: `likewise:${[source, kind, page]}`,
    api,
    source,
    page,
    site,
    kind,
    sig: get('sig'),
  };
};
