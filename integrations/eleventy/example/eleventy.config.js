// In your own site the folder is beside the configuration: './likewise/plugin.mjs'.
import likewise from '../plugin.mjs';

export const config = { dir: { input: 'content' } };

export default (eleventyConfig) => {
  eleventyConfig.addPlugin(likewise, { api: 'http://127.0.0.1:8000' });
  eleventyConfig.addPassthroughCopy('content/style.css');
};
