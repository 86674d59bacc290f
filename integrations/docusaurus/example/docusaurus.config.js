// In your own site the folder is beside the configuration: './likewise/plugin.mjs'.
const likewise = ['../plugin.mjs', { api: 'http://127.0.0.1:8000', popular: { limit: 5 } }];

export default {
  title: 'Marginalia',
  url: 'https://example.org',
  baseUrl: '/',
  trailingSlash: true,
  future: { v4: true, faster: true },
  plugins: [
    [
      '@docusaurus/plugin-content-blog',
      { path: 'posts', routeBasePath: 'posts', onUntruncatedBlogPosts: 'ignore' },
    ],
    ['@docusaurus/plugin-content-docs', { path: 'notes', routeBasePath: 'notes' }],
    '@docusaurus/plugin-content-pages',
  ],
  themes: ['@docusaurus/theme-classic', likewise],
  headTags: [{ tagName: 'link', attributes: { rel: 'icon', href: 'data:,' } }],
  themeConfig: {
    navbar: { title: 'Marginalia' },
  },
};
