/** Between Unix seconds and the wall clock of a time zone, `YYYY-MM-DDTHH:mm`. */

export function toLocal(seconds: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(seconds * 1000);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

export function fromLocal(local: string, timeZone: string): number {
  const wanted = Date.parse(`${local}Z`) / 1000;
  const shown = (seconds: number): number => Date.parse(`${toLocal(seconds, timeZone)}Z`) / 1000;
  // Twice, because the offset at the first guess may be the one from across a clock change.
  const guess = wanted - (shown(wanted) - wanted);
  return guess - (shown(guess) - wanted);
}
