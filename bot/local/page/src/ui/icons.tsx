import type { ReactNode } from "react";

/** Line icons on a 20 × 20 grid, drawn for this page. */
const PATHS = {
  close: "M5 5l10 10M15 5L5 15",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  more: "M10 4.5v.01M10 10v.01M10 15.5v.01",
  reply: "M4 4h12v9H9l-4 3.5V13H4z",
  send: "M3.5 3.5l13.5 6.5-13.5 6.5 2-6.5zM5.5 10H11",
  search: "M9 3.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM13 13l4 4",
  chevron: "M5 8l5 5 5-5",
  right: "M8 5l5 5-5 5",
  sun: "M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  moon: "M16.5 12A7 7 0 018 3.5a7 7 0 108.5 8.500z",
  traffic: "M3 7h12l-3-3M17 13H5l3 3",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 7.700a2.3 2.3 0 100 4.6 2.3 2.3 0 000-4.600z",
  plus: "M10 4v12M4 10h12",
  home: "M3 9.500L10 3.500l7 6V16.500h-5v-4.500H8v4.500H3z",
  pause: "M7 5v10M13 5v10",
  play: "M6 4.500l9 5.5-9 5.500z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10.500h7.600L14.5 6",
  copy: "M7 7h9v9H7zM4 13V4h9",
  check: "M4 10.500l4 4 8-9",
  alert: "M10 3l8 14H2zM10 8v4M10 14.200v.01",
  at: "M13 10a3 3 0 11-6 0 3 3 0 016 0zm0 0c0 3.5 4 3 4-.5A7 7 0 1013.5 16",
  smile:
    "M10 2.500a7.5 7.5 0 100 15 7.5 7.5 0 000-15zM7.3 8v.01M12.7 8v.01M6.5 11.500c1.5 3 5.5 3 7 0",
  bolt: "M11 2.500L4.5 11.500H9l-.5 6L15.5 8H11z",
  slash: "M3.5 3.500h13v13h-13zM12 6.500l-4 7",
  hash: "M8 3L6.5 17M13.5 3L12 17M4 7.500h13M3 12.500h13",
  calendar: "M3.5 5h13v11.500h-13zM3.5 8.500h13M7 3v3M13 3v3",
  clock: "M10 2.500a7.5 7.5 0 100 15 7.5 7.5 0 000-15zM10 5.500V10l3 2",
  people:
    "M7.5 4a2.7 2.7 0 100 5.4 2.7 2.7 0 000-5.400zM2.5 16c.3-3.3 2.3-4.8 5-4.800s4.7 1.5 5 4.800M13 4.500a2.5 2.5 0 010 4.700M14.5 11.500c1.8.5 2.8 2 3 4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.6 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
