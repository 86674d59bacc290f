/** The end of a blog post on its own page, with its button. */

import { useBlogPost } from '@docusaurus/plugin-content-blog/client';
import { usePluginData } from '@docusaurus/useGlobalData';
import LikeWise from '@theme/LikeWise';
import Footer from '@theme-init/BlogPostItem/Footer';

export default function BlogPostItemFooter(props) {
  const { metadata, frontMatter, isBlogPostPage } = useBlogPost();
  const { blog = true } = usePluginData('likewise').settings;
  return (
    <>
      {blog && isBlogPostPage && <LikeWise page={metadata.permalink} frontMatter={frontMatter} />}
      <Footer {...props} />
    </>
  );
}
