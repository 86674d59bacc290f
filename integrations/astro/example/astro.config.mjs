// In your own site the folder is src/likewise: './src/likewise/integration.mjs'.
import likewise from '../integration.mjs';

export default {
  integrations: [likewise({ api: 'http://127.0.0.1:8000' })],
};
