import type { Texts } from './texts';

export const pt: Texts = {
  like: 'Gosto',
  reactions: 'Reações',
  undo: 'Desfazer',
  views: 'Visualizações',
  question: 'Quer dizer por quê?',
  send: 'Enviar',
  close: 'Não, obrigado',
  thanks: 'Obrigado.',
  unsent: 'Não foi possível enviar. Tente mais tarde.',
  many: 'Demasiados em pouco tempo. Tente mais tarde.',
  refused: 'Não foi possível guardar.',
};
