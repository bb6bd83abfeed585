/**
 * Slack's mrkdwn, parsed into a tree that is drawn without ever touching HTML.
 *
 * `&lt;`, `&gt;` and `&amp;` are decoded in the leaves only: `&lt;@U1&gt;` is text, not a mention.
 */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "bold" | "italic" | "strike"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "emoji"; name: string }
  | { kind: "link"; url: string; children: Inline[] }
  | { kind: "user" | "channel" | "group"; id: string; label: string }
  | { kind: "broadcast"; range: string }
  | { kind: "date"; seconds: number; format: string; url: string; fallback: string }
  | { kind: "break" };

export type Chunk =
  | { kind: "lines"; children: Inline[] }
  | { kind: "quote"; children: Inline[] }
  | { kind: "pre"; text: string };

export const decode = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export const encode = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const SAFE_URL = /^(https?:\/\/|mailto:|tel:)/i;

export function parse(source: string): Chunk[] {
  const chunks: Chunk[] = [];
  source.split(/```/).forEach((part, index, parts) => {
    const fenced = index % 2 === 1 && index < parts.length - 1;
    if (fenced) chunks.push({ kind: "pre", text: decode(part.replace(/^\n|\n$/g, "")) });
    else if (index % 2 === 1) chunks.push(...paragraphs("```" + part));
    else if (part !== "") chunks.push(...paragraphs(part));
  });
  return chunks;
}

const QUOTE = /^(?:&gt;|>) ?/;
const REST_QUOTE = /^(?:&gt;|>){3} ?/;

interface Lines {
  kind: "lines" | "quote";
  lines: string[];
}

function paragraphs(part: string): Chunk[] {
  const groups: Lines[] = [];
  let rest = false;
  for (const line of part.replace(/^\n/, "").replace(/\n$/, "").split("\n")) {
    rest ||= REST_QUOTE.test(line);
    const kind = rest || QUOTE.test(line) ? "quote" : "lines";
    const bare = kind === "quote" ? line.replace(REST_QUOTE, "").replace(QUOTE, "") : line;
    const group = groups.at(-1);
    if (group?.kind === kind) group.lines.push(bare);
    else groups.push({ kind, lines: [bare] });
  }
  return groups.map(({ kind, lines }) => ({
    kind,
    children: lines.flatMap((line, index) =>
      index === 0 ? inline(line) : [{ kind: "break" } as const, ...inline(line)],
    ),
  }));
}

const CODE = /`([^`\n]+)`/y;
const CONTROL = /<([^<>\n]+)>/y;
const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/y;
const BARE_URL = /https?:\/\/[^\s<>|`]+[^\s<>|`.,:;!?)'"*_~]/y;
const STYLES = { "*": "bold", _: "italic", "~": "strike" } as const;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** One line of mrkdwn; styles may nest, but nothing nests in code. */
export function inline(text: string): Inline[] {
  const out: Inline[] = [];
  let pending = "";
  const emit = (node: Inline): void => {
    if (pending !== "") out.push({ kind: "text", text: decode(pending) });
    pending = "";
    out.push(node);
  };
  let at = 0;
  while (at < text.length) {
    const found = token(text, at);
    if (found === null) pending += text[at++];
    else {
      emit(found.node);
      at += found.length;
    }
  }
  if (pending !== "") out.push({ kind: "text", text: decode(pending) });
  return out;
}

interface Token {
  node: Inline;
  length: number;
}

function token(text: string, at: number): Token | null {
  const char = text[at];
  if (char === "`") {
    const code = match(CODE, text, at);
    return code && { node: { kind: "code", text: decode(code[1] ?? "") }, length: code[0].length };
  }
  if (char === "<") {
    const control = match(CONTROL, text, at);
    const node = control && controlSequence(control[1] ?? "");
    return control && node && { node, length: control[0].length };
  }
  if (char === ":") {
    const emoji = match(EMOJI, text, at);
    return emoji && { node: { kind: "emoji", name: emoji[1] ?? "" }, length: emoji[0].length };
  }
  if (char === "h" && !/[\w]/.test(text[at - 1] ?? " ")) {
    const bare = match(BARE_URL, text, at);
    if (!bare) return null;
    const url = decode(bare[0]);
    return {
      node: { kind: "link", url, children: [{ kind: "text", text: url }] },
      length: bare[0].length,
    };
  }
  return char === "*" || char === "_" || char === "~" ? styled(text, at, char) : null;
}

/** `*bold*` counts only when it stands apart: 2*3*4 and snake_case_names stay as they are. */
function styled(text: string, at: number, mark: keyof typeof STYLES): Token | null {
  const opens = !/[\p{L}\p{N}*_~]/u.test(text[at - 1] ?? " ") || afterOtherMark(text, at, mark);
  if (!opens || /[\s]/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return null;
  for (let end = text.indexOf(mark, at + 2); end > 0; end = text.indexOf(mark, end + 1)) {
    const tight = !/\s/.test(text[end - 1] ?? " ");
    const apart = !/[\p{L}\p{N}]/u.test(text[end + 1] ?? " ");
    if (!tight || !apart || insideControl(text, at, end)) continue;
    const children = inline(text.slice(at + 1, end));
    return { node: { kind: STYLES[mark], children }, length: end + 1 - at };
  }
  return null;
}

/** Another mark right before, as in `*_both_*`, still opens. */
const afterOtherMark = (text: string, at: number, mark: string): boolean => {
  const before = text[at - 1];
  return before !== undefined && before !== mark && before in STYLES;
};

const insideControl = (text: string, from: number, to: number): boolean => {
  const span = text.slice(from, to);
  return span.lastIndexOf("<") > span.lastIndexOf(">") || (span.split("`").length - 1) % 2 === 1;
};

function controlSequence(body: string): Inline | null {
  const [target = "", label = ""] = splitOnce(body, "|");
  const id = target.slice(1);
  if (/^@[UWB]\w+$/.test(target)) return { kind: "user", id, label: decode(label) };
  if (/^#[CGD]\w+$/.test(target)) return { kind: "channel", id, label: decode(label) };
  if (target.startsWith("!subteam^")) {
    return { kind: "group", id: target.slice(9), label: decode(label) };
  }
  if (/^!(here|channel|everyone)$/.test(target)) return { kind: "broadcast", range: id };
  if (target.startsWith("!date^")) return date(target, label);
  if (!SAFE_URL.test(target)) return null;
  const url = decode(target);
  const children: Inline[] = label
    ? inline(label)
    : [{ kind: "text", text: url.replace(/^(mailto|tel):/, "") }];
  return { kind: "link", url, children };
}

function date(target: string, fallback: string): Inline | null {
  const [, seconds = "", format = "", url = ""] = target.split("^");
  if (!/^\d+$/.test(seconds)) return null;
  return {
    kind: "date",
    seconds: Number(seconds),
    format: decode(format),
    url: SAFE_URL.test(url) ? decode(url) : "",
    fallback: decode(fallback),
  };
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
