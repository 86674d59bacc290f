/** The button of the page that it stands on, with the settings of the site. */

import { useLocation } from '@docusaurus/router';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';
import { usePluginData } from '@docusaurus/useGlobalData';
import { spelled } from '../../address.mjs';
import Button from '../../LikeWise.jsx';

export default function LikeWise({ page: named, frontMatter, ...wishes }) {
  const { settings, signatures, counts } = usePluginData('likewise');
  const { pathname } = useLocation();
  const { siteConfig } = useDocusaurusContext();
  if (frontMatter?.likes === false) return null;
  const page = spelled(named ?? pathname, siteConfig);
  return (
    <Button
      {...settings}
      {...wishes}
      page={page}
      sig={signatures[page]}
      counts={counts[page]}
      isDraft={process.env.NODE_ENV === 'development'}
    />
  );
}
