import type { Texts } from './texts';

export const ar: Texts = {
  like: 'أعجبني',
  reactions: 'التفاعلات',
  undo: 'تراجع',
  views: 'المشاهدات',
  question: 'هل تود أن تخبرنا بالسبب؟',
  send: 'إرسال',
  close: 'لا، شكرًا',
  thanks: 'شكرًا لك.',
  unsent: 'تعذّر الإرسال. حاول مرة أخرى لاحقًا.',
  many: 'محاولات كثيرة في وقت قصير. حاول مرة أخرى لاحقًا.',
  refused: 'تعذّر الحفظ.',
};
