import type { Texts } from './texts';

export const fr: Texts = {
  like: 'J’aime',
  reactions: 'Réactions',
  undo: 'Annuler',
  views: 'Vues',
  question: 'Voulez-vous dire pourquoi ?',
  send: 'Envoyer',
  close: 'Non, merci',
  thanks: 'Merci.',
  unsent: 'L’envoi a échoué. Veuillez réessayer plus tard.',
  many: 'Trop en peu de temps. Veuillez réessayer plus tard.',
  refused: 'L’enregistrement a échoué.',
};
