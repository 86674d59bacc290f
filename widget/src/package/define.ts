/** Defines `<like-wise>`. */

import { LikeWise } from '../reactions/element';

export { comeFrom as serviceAt } from '../attributes';
export { LikeWise };

if (!customElements.get('like-wise')) customElements.define('like-wise', LikeWise);
