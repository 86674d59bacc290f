/** The most liked pages when the site was built. Nothing, where the service did not answer. */

import Link from '@docusaurus/Link';
import { usePluginData } from '@docusaurus/useGlobalData';

export default function LikeWisePopular() {
  const { popular } = usePluginData('likewise');
  return popular.length === 0 ? null : (
    <ol className="likewise-popular">
      {popular.map(({ url, title, count }) => (
        <li key={url}>
          <Link to={url}>{title}</Link> <span>{count}</span>
        </li>
      ))}
    </ol>
  );
}
