import type { Texts } from './texts';

export const ja: Texts = {
  like: 'いいね',
  reactions: 'リアクション',
  undo: '取り消す',
  views: '閲覧数',
  question: 'よろしければ理由をお聞かせください',
  send: '送信',
  close: 'いいえ',
  thanks: 'ありがとうございます。',
  unsent: '送信できませんでした。しばらくしてからもう一度お試しください。',
  many: '操作が多すぎます。しばらくしてからもう一度お試しください。',
  refused: '保存できませんでした。',
};
