import type { Texts } from './texts';

export const es: Texts = {
  like: 'Me gusta',
  reactions: 'Reacciones',
  undo: 'Retirar',
  views: 'Visitas',
  question: '¿Quieres decir por qué?',
  send: 'Enviar',
  close: 'No, gracias',
  thanks: 'Gracias.',
  unsent: 'No se pudo enviar. Inténtalo más tarde.',
  many: 'Demasiados en poco tiempo. Inténtalo más tarde.',
  refused: 'No se pudo guardar.',
};
