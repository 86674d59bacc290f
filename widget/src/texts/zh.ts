import type { Texts } from './texts';

export const zh: Texts = {
  like: '赞',
  reactions: '回应',
  undo: '撤回',
  views: '阅读量',
  question: '愿意说说原因吗？',
  send: '发送',
  close: '不用了',
  thanks: '谢谢。',
  unsent: '发送失败，请稍后再试。',
  many: '操作过于频繁，请稍后再试。',
  refused: '未能保存。',
};
