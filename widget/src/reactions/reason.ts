/**
 * Asks a reader why, in a form of his own pace: nothing is sent until he sends it.
 * Knows nothing of buttons and counts.
 */

import type { Like } from '../attributes';
import type { Texts } from '../texts/texts';
import { make } from './make';
import { explain } from './sender';

const MAX_CHARACTERS = 280;

export interface Why {
  like: Like;
  form: HTMLFormElement;
  close(): void;
}

interface Question {
  like: Like;
  element: HTMLElement;
  question: string;
  text(name: keyof Texts): string;
  say(text: string): void;
  /** Called when the reader has answered, or does not want to. */
  done(): void;
}

/** Returns the form that asks. What was written stays in it until the service has it. */
export const askWhy = ({ like, element, question, text, say, done }: Question): Why => {
  const answer = make('textarea', 'answer');
  answer.maxLength = MAX_CHARACTERS;
  answer.required = true;
  const note = make('p', 'note');
  const send = make('button', 'send', text('send'));
  const leave = make('button', 'close', text('close'));
  leave.type = 'button';
  const form = make(
    'form',
    'reason',
    make('label', 'question', question, answer),
    make('div', 'group', send, leave),
    note,
  );
  const close = () => form.remove();
  const end = () => {
    close();
    done();
  };
  leave.onclick = end;
  // To the page's own shortcuts what is written here comes from no field: it is none of theirs.
  form.onkeyup = form.onkeypress = (event) => event.stopPropagation();
  // A handler that returns false would keep the key from the field. While text is composed, Escape
  // is the input method's.
  form.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === 'Escape' && !event.isComposing) end();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    const sent = await explain(like, answer.value, element);
    send.disabled = false;
    if (sent?.reason) {
      end();
      say(text('thanks'));
    } else {
      note.textContent = sent?.detail ?? text('unsent');
      say(note.textContent);
    }
  };
  return { like, form, close };
};
