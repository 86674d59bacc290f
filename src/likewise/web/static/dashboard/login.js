/** The form that takes the key. The key goes into the request and is kept nowhere else. */
import { element } from './document.js';
import { Refusal, signIn } from './service.js';

const form = element('login-form', HTMLFormElement);
const field = element('key', HTMLInputElement);
const message = element('login-message', HTMLParagraphElement);

/** @param {() => Promise<void>} onSignedIn */
export function prepareLogin(onSignedIn) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (form.ariaBusy !== 'true') submit(onSignedIn);
  });
}

/** @param {string} [reason] why the owner has to sign in again */
export function askToSignIn(reason = '') {
  say(reason);
  field.focus();
}

/** @param {() => Promise<void>} onSignedIn */
async function submit(onSignedIn) {
  form.ariaBusy = 'true';
  say('');
  try {
    // Emptied before the answer comes: a key that lies in a field can be read by whoever passes.
    const answer = signIn(field.value);
    field.value = '';
    await answer;
    await onSignedIn();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(inWords(error), error.code === 'wrong_key');
    field.focus();
  } finally {
    form.ariaBusy = 'false';
  }
}

/**
 * @param {string} text
 * @param {boolean} [isWrong]
 */
function say(text, isWrong = false) {
  message.textContent = text;
  field.setAttribute('aria-invalid', `${isWrong}`);
}

/** @param {Refusal} refusal */
function inWords({ code, message, waitSeconds }) {
  const wait = duration(waitSeconds || 60);
  if (code === 'wrong_key') return 'This is not the admin key.';
  if (code === 'too_many') return `Too many wrong keys. Try again in ${wait}.`;
  return message;
}

/** @param {number} seconds */
function duration(seconds) {
  const isShort = seconds < 120;
  const unit = isShort ? 'second' : 'minute';
  const count = isShort ? seconds : Math.ceil(seconds / 60);
  return count.toLocaleString('en', { style: 'unit', unit, unitDisplay: 'long' });
}
