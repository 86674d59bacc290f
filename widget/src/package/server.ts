/** What stands in where a site is made: there the element is a tag like any other. */

export class LikeWise {}

export const serviceAt = (_folder: string): void => {};

export const styles = '';
