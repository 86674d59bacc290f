/** Makes the parts of an element one by one: markup would need the page's leave under Trusted Types. */
export const make = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  part: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] => {
  const made = document.createElement(name);
  if (part) made.setAttribute('part', part);
  made.append(...children);
  return made;
};
