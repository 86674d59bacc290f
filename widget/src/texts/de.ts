import type { Texts } from './texts';

export const de: Texts = {
  like: 'Gefällt mir',
  reactions: 'Reaktionen',
  undo: 'Zurücknehmen',
  views: 'Aufrufe',
  question: 'Möchten Sie sagen, warum?',
  send: 'Senden',
  close: 'Nein, danke',
  thanks: 'Danke.',
  unsent: 'Das ließ sich nicht senden. Bitte versuchen Sie es später noch einmal.',
  many: 'Zu viele in kurzer Zeit. Bitte versuchen Sie es später noch einmal.',
  refused: 'Das ließ sich nicht speichern.',
};
