/** The end of a doc, with its button. */

import { useDoc } from '@docusaurus/plugin-content-docs/client';
import { usePluginData } from '@docusaurus/useGlobalData';
import LikeWise from '@theme/LikeWise';
import Footer from '@theme-init/DocItem/Footer';

export default function DocItemFooter(props) {
  const { metadata, frontMatter } = useDoc();
  const { docs = true } = usePluginData('likewise').settings;
  return (
    <>
      {docs && <LikeWise page={metadata.permalink} frontMatter={frontMatter} />}
      <Footer {...props} />
    </>
  );
}
