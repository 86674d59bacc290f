/** What is said to readers, in one language. Those of refusals are the service's where missing. */
export interface Texts {
  like: string;
  /** Name of a group of buttons. */
  reactions: string;
  /** Takes back claps. */
  undo: string;
  views: string;
  question: string;
  send: string;
  close: string;
  thanks: string;
  /** A reason that could not be sent. */
  unsent: string;
  /** A like that was refused since there were too many. */
  many?: string;
  /** A like that was refused for another reason. */
  refused?: string;
}
