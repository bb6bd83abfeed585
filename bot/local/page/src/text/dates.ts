/** Dates as Slack words them, in the reader's own time zone and language. */

export interface Reader {
  locale: string;
  timeZone: string;
}

const format = (reader: Reader, seconds: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(reader.locale, { timeZone: reader.timeZone, ...options }).format(
    seconds * 1000,
  );

export const clock = (reader: Reader, seconds: number): string =>
  format(reader, seconds, { hour: "numeric", minute: "2-digit" });

const LONG = { weekday: "long", year: "numeric", month: "long", day: "numeric" } as const;
const MEDIUM = { year: "numeric", month: "long", day: "numeric" } as const;
const SHORT = { year: "numeric", month: "short", day: "numeric" } as const;

/** A day that sorts and compares, YYYY-MM-DD in the reader's zone. */
export const dayKey = (reader: Reader, seconds: number): string =>
  format({ ...reader, locale: "en-CA" }, seconds, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });

function relativeDay(reader: Reader, seconds: number, now: number): string | null {
  const day = (at: number): number => Date.parse(dayKey(reader, at)) / 86_400_000;
  const away = day(seconds) - day(now);
  if (Math.abs(away) > 1) return null;
  return new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" }).format(away, "day");
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

export function dayTitle(reader: Reader, seconds: number, now: number): string {
  const near = relativeDay(reader, seconds, now);
  if (near !== null) return capital(near);
  const sameYear = dayKey(reader, seconds).slice(0, 4) === dayKey(reader, now).slice(0, 4);
  return format(reader, seconds, {
    weekday: "long",
    month: "long",
    day: "numeric",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

export const fullTime = (reader: Reader, seconds: number): string =>
  `${format(reader, seconds, LONG)} at ${format(reader, seconds, {
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
  })}`;

export function ago(reader: Reader, seconds: number, now: number): string {
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const away = seconds - now;
  const [unit, size] = steps.find(([, length]) => Math.abs(away) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" }).format(
    Math.trunc(away / size),
    unit,
  );
}

/**
 * Fills the placeholders of `<!date^…>`; an unknown one is left as it is, as Slack does.
 * `leads`: nothing stands before it on its line, so “tomorrow” becomes “Tomorrow”.
 */
export function slackDate(
  reader: Reader,
  seconds: number,
  pattern: string,
  now: number,
  leads = false,
): string {
  const near = relativeDay(reader, seconds, now);
  const words: Record<string, () => string> = {
    date_num: () => dayKey(reader, seconds),
    date: () => format(reader, seconds, MEDIUM),
    date_slash: () =>
      format(reader, seconds, { year: "numeric", month: "2-digit", day: "2-digit" }),
    date_short: () => format(reader, seconds, SHORT),
    date_long: () => format(reader, seconds, LONG),
    date_pretty: () => near ?? format(reader, seconds, MEDIUM),
    date_short_pretty: () => near ?? format(reader, seconds, SHORT),
    date_long_pretty: () => near ?? format(reader, seconds, LONG),
    date_long_full: () => format(reader, seconds, LONG),
    day_divider_pretty: () => dayTitle(reader, seconds, now),
    time: () => clock(reader, seconds),
    time_secs: () =>
      format(reader, seconds, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(reader, seconds, now),
  };
  const filled = pattern.replace(/\{(\w+)\}/g, (whole, name: string) => words[name]?.() ?? whole);
  return leads ? capital(filled) : filled;
}
