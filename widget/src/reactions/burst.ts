/** A short burst at a like, for those who do not mind things that move. */

const SPARKS = 8;
const FAR_PX = 26;
const LAST_MS = 500;

/** Lets sparks fly from a button's icon, and the icon jump. */
export const burst = (button: Element, icon: Element): void => {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches || !icon.animate) return;
  icon.animate({ scale: ['0.6', '1.3', '1'] }, LAST_MS / 2);
  for (let nth = 0; nth < SPARKS; nth++) {
    const spark = document.createElement('s');
    const angle = (nth / SPARKS) * 2 * Math.PI;
    const to = `${FAR_PX * Math.cos(angle)}px ${FAR_PX * Math.sin(angle)}px`;
    button.append(spark);
    const flight = spark.animate(
      { translate: ['0 0', to], scale: ['1', '0'] },
      { duration: LAST_MS, easing: 'ease-out' },
    );
    flight.onfinish = () => spark.remove();
  }
};
