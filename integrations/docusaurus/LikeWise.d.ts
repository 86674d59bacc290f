import type { DetailedHTMLProps, HTMLAttributes, JSX, ReactNode } from 'react';

/** The attributes of `<like-wise>`, as docs/widget.md explains them. */
export interface LikeWiseAttributes {
  page?: string;
  site?: string;
  kind?: string;
  api?: string;
  views?: string;
  icon?: string;
  label?: string;
  reason?: string;
  sig?: string;
  readonly?: string;
}

export interface LikeWiseProps extends Omit<LikeWiseAttributes, 'views' | 'reason' | 'readonly'> {
  /** The page's address, as links have it. */
  page: string;
  /** The address of the service. */
  api: string;
  lang?: string;
  views?: boolean;
  /** Asks for a reason: the question, or `true` for the usual one. */
  reason?: string | boolean;
  readonly?: boolean;
  /** Another address of the script, and its hash. */
  script?: string;
  integrity?: string;
  /** Counts by kind, to be shown where no script runs. */
  counts?: Record<string, number>;
  /** While writing: the button takes no clicks, unless the service is on this machine. */
  isDraft?: boolean;
  children?: ReactNode;
}

export default function LikeWise(props: LikeWiseProps): JSX.Element;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'like-wise': DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement> & LikeWiseAttributes;
    }
  }
}

declare module '@theme/LikeWise' {
  /** The button of the page that it stands on, with the settings of the site. */
  export default function Button(
    props: Partial<LikeWiseProps> & { frontMatter?: { likes?: unknown } },
  ): JSX.Element | null;
}

declare module '@theme/LikeWisePopular' {
  export default function Popular(): JSX.Element | null;
}
