import type { Texts } from './texts';

export const en: Texts = {
  like: 'Like',
  reactions: 'Reactions',
  undo: 'Take back',
  views: 'Views',
  question: 'Would you like to say why?',
  send: 'Send',
  close: 'No, thanks',
  thanks: 'Thank you.',
  unsent: 'This could not be sent. Please try again later.',
};
