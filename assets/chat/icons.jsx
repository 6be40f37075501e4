/*
 * The few icons of the chat page, drawn here so that no icon package joins the bundle.
 */
const icon = (shapes, extra = {}) =>
  function Icon({ size = 18 }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        {...extra}
      >
        {shapes}
      </svg>
    );
  };

export const ArrowUp = icon(<path d="M12 19V5M5.5 11.5 12 5l6.5 6.5" />);
export const ArrowDown = icon(<path d="M12 5v14M5.5 12.5 12 19l6.5-6.5" />);
export const Square = icon(<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" />);
export const Copy = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2.5" />
    <path d="M15 9V6.5A2.5 2.5 0 0 0 12.5 4h-6A2.5 2.5 0 0 0 4 6.5v6A2.5 2.5 0 0 0 6.5 15H9" />
  </>,
);
export const Check = icon(<path d="m5 12.5 4.5 4.5L19 7.5" />);
export const Retry = icon(<path d="M20 11a8 8 0 1 0-2.3 6.3M20 4.5V11h-6.5" />);
export const Pencil = icon(<path d="m4 20 .9-4L16.4 4.5a2.1 2.1 0 0 1 3 3L8 19.1 4 20ZM14.5 6.5l3 3" />);
export const ThumbUp = icon(
  <path d="M7 11v9H4.5A1.5 1.5 0 0 1 3 18.5v-6A1.5 1.5 0 0 1 4.5 11H7Zm0 0 4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.1 7A2 2 0 0 1 17.9 20H7" />,
);
export const ThumbDown = icon(
  <path d="M17 13V4h2.5A1.5 1.5 0 0 1 21 5.5v6a1.5 1.5 0 0 1-1.5 1.5H17Zm0 0-4 8a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.1-7A2 2 0 0 1 6.1 4H17" />,
);
export const ChevronLeft = icon(<path d="m14.5 6-6 6 6 6" />);
export const ChevronRight = icon(<path d="m9.5 6 6 6-6 6" />);
export const ChevronDown = icon(<path d="m6 9.5 6 6 6-6" />);
export const Wrap = icon(<path d="M4 6h16M4 12h12.5a3 3 0 0 1 0 6H12m0 0 2.5-2.5M12 18l2.5 2.5M4 18h4" />);
export const Play = icon(<path d="M8 5.5v13l10.5-6.5L8 5.5Z" />);
export const Search = icon(
  <>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m20 20-4.3-4.3" />
  </>,
);
