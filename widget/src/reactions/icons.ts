/** The pictures of kinds: drawn ones by name, emoji as they are, and words. */

const PATHS = {
  clap: 'M7 12 4.3 8.6a1.2 1.2 0 0 1 1.9-1.5L8.5 10 5.7 6.1a1.2 1.2 0 0 1 2-1.4l3 4.1-1.9-3a1.2 1.2 0 0 1 2-1.2l2.9 4.5.5-1.9a1.2 1.2 0 0 1 2.4.5l-.4 6.1a4.8 4.8 0 0 1-8.6 1.9zM13 3.2 13.6 1M15.7 4l1.5-1.7M10.3 3 10 .8',
  eye: 'M1 10s3.2-6 9-6 9 6 9 6-3.2 6-9 6-9-6-9-6zM12.5 10a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  star: 'm10 2 2.5 5.2 5.7.8-4.1 4 1 5.7L10 15l-5.1 2.7 1-5.7-4.1-4 5.7-.8z',
  thumb:
    'M6 9h-3.5v8h3.5zM6 9l3.2-7c1.3 0 2.3 1 2.3 2.3v3.2h4.8a1.6 1.6 0 0 1 1.6 1.9l-1 6.2a1.6 1.6 0 0 1-1.6 1.4h-9.3',
};
const SVG = 'http://www.w3.org/2000/svg';

const drawn = (name: keyof typeof PATHS): Element => {
  const picture = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  picture.setAttribute('viewBox', '0 0 20 20');
  path.setAttribute('d', PATHS[name]);
  picture.append(path);
  return picture;
};

const written = (text: string): Element => {
  const picture = document.createElement('b');
  picture.textContent = text;
  return picture;
};

/** The author's own picture, which stands inside the tag; the heart until he gives one. */
const own = (): Element => {
  const slot = document.createElement('slot');
  slot.name = 'icon';
  slot.append(document.createElement('i'));
  return slot;
};

export const eye = (): Element => drawn('eye');

/** Returns the picture of a kind: the one that is asked for or, of a name or emoji, its own. */
export const iconOf = (
  kind: string | undefined,
  asked: string | undefined,
  label: string,
): Element => {
  const name = asked ?? kind ?? 'heart';
  if (name === 'own') return own();
  if (name === 'heart' || name === 'like') return document.createElement('i');
  if (Object.keys(PATHS).includes(name)) return drawn(name as keyof typeof PATHS);
  return written(/\p{Extended_Pictographic}/u.test(name) ? name : label);
};
