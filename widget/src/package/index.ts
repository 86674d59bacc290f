/** The class, for those who define it under a condition or extend it. It defines nothing. */

export { comeFrom as serviceAt } from '../attributes';
export { LikeWise } from '../reactions/element';
