// Tells what an ad-blocker with these lists stops. Reads `{lists, page, requests, classes}` as JSON,
// and answers `{blocked, styles}`: the requests that are stopped, and the style that hides elements.
import { readFileSync } from 'node:fs';
import { FiltersEngine, Request } from '@ghostery/adblocker';

const { lists, page, requests, classes } = JSON.parse(readFileSync(0, 'utf8'));
const engine = FiltersEngine.parse(lists.map((file) => readFileSync(file, 'utf8')).join('\n'));

const blocked = requests.filter(
  ({ url, type }) => engine.match(Request.fromRawDetails({ url, type, sourceUrl: page })).match,
);
const { hostname } = new URL(page);
const domain = hostname.split('.').slice(-2).join('.');
const { styles } = engine.getCosmeticsFilters({
  url: page,
  hostname,
  domain,
  classes,
  ids: [],
  hrefs: [],
});
console.log(JSON.stringify({ blocked, styles }));
