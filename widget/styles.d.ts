/** The style inside every element. */
export const styles: string;
