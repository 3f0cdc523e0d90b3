const PATHS = {
  run: "M5 3.5v9l7.5-4.5z",
  stop: "M4 4h8v8H4z",
  check: "M3 8.5l3.2 3.2L13 4.8",
  alert: "M8 4.7v4M8 11.1v.3M8 1.9a6.1 6.1 0 1 1 0 12.2A6.1 6.1 0 0 1 8 1.9z",
  bang: "M8 3v6M8 11.6v.9",
  question: "M5.6 5.8a2.4 2.4 0 1 1 3.5 2.1C8.3 8.4 8 8.8 8 9.6M8 12v.6",
  lock: "M4 7.5h8v5.5H4zM5.7 7.5V5.4a2.3 2.3 0 0 1 4.6 0v2.1",
  clock: "M8 4.4V8l2.4 1.6M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  dot: "M8 7.2v1.6",
  spin: "M8 2.2a5.8 5.8 0 1 1-5.8 5.8",
  restart: "M12.6 6.4A5 5 0 1 0 13 9M12.9 3.2v3.4H9.5",
  send: "M2.5 8h9M8 4l4 4-4 4",
} as const;

const FILLED: readonly IconName[] = ["run", "stop"];

export type IconName = keyof typeof PATHS;

/** A small drawing beside a word; screen readers hear the word only. */
export function Icon({ name }: { name: IconName }) {
  const filled = FILLED.includes(name);
  return (
    <svg
      class={`icon icon-${name}${filled ? " icon-filled" : ""}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
