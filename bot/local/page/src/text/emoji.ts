import codes from "emojibase-data/en/shortcodes/iamcal.json";

/** Slack's own short names for emoji, and the few it takes from elsewhere. */
const byName = new Map<string, string>();

for (const [hex, names] of Object.entries(codes as Record<string, string | string[]>)) {
  const glyph = String.fromCodePoint(...hex.split("-").map((part) => Number.parseInt(part, 16)));
  for (const name of [names].flat()) byName.set(name, withEmojiStyle(glyph));
}
byName.set("simple_smile", "🙂");

/** Many single symbols would be drawn in black and white without the variation selector. */
function withEmojiStyle(glyph: string): string {
  return [...glyph].length === 1 ? `${glyph}\uFE0F` : glyph;
}

const SKIN_TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];

/** The emoji of a short name such as `wave` or `wave::skin-tone-3`; null when there is none. */
export function emojiOf(name: string): string | null {
  const [base = "", tone] = name.split("::skin-tone-");
  const emoji = byName.get(base);
  if (emoji === undefined) return null;
  return tone ? emoji.replace("\uFE0F", "") + (SKIN_TONES[Number(tone) - 2] ?? "") : emoji;
}

export function emojiNamed(start: string, limit: number): [name: string, emoji: string][] {
  const names = [...byName].filter(([name]) => name.includes(start));
  return names
    .sort(
      ([a], [b]) =>
        Number(b.startsWith(start)) - Number(a.startsWith(start)) || a.length - b.length,
    )
    .slice(0, limit);
}
