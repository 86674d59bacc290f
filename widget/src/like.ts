/** What one button counts, and where. */
export interface Like {
  page: string;
  site: string;
  kind: string;
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
const home = (document.currentScript as HTMLScriptElement | null)?.src.replace(/[^/]*$/, '');

/** What the page calls its address, unless that is on another host. */
const ownAddress = () =>
  document.querySelector<HTMLLinkElement>(`link[rel=canonical][href*="//${location.host}/"]`) ??
  location;

/** Reads an element's attributes, which are its only configuration. */
export const likeOf = (element: Element): Like => {
  const get = (name: string, other?: string) => element.getAttribute(name) || (other as string);
  const page = get('page', new URL(ownAddress().href).pathname);
  const site = get('site', 'default');
  const kind = get('kind', 'like');
  const api = get('api', home).replace(/\/?$/, '/v1/');
  const source = `${api}counts?site=${site}`;
  return {
    page,
    site,
    kind,
    sig: get('sig'),
    api,
    source,
    key: `likewise:${[source, kind, page]}`,
  };
};
