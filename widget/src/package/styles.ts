/** The style inside every element, to read or to build upon. */

export { styles } from '../reactions/panel';
