import { describe, expect, test } from "vitest";
import { encodeMessage } from "../channel/encodeMessage";
import type { Workspace } from "../api/types";
import { slackDate } from "./dates";
import { inline, parse, type Inline } from "./mrkdwn";

const text = (value: string): Inline => ({ kind: "text", text: value });

describe("mrkdwn is what Slack would show", () => {
  test("escaped angle brackets stay text and never become a mention", () => {
    expect(inline("Buyer &lt;!channel&gt; &lt;@U1&gt; &amp;amp;")).toEqual([
      text("Buyer <!channel> <@U1> &amp;"),
    ]);
  });

  test("styles need to stand apart from words", () => {
    expect(inline("2*3*4 snake_case_name ~ *")).toEqual([text("2*3*4 snake_case_name ~ *")]);
    expect(inline("*bold _both_* `a *b* c`")).toEqual([
      { kind: "bold", children: [text("bold "), { kind: "italic", children: [text("both")] }] },
      text(" "),
      { kind: "code", text: "a *b* c" },
    ]);
  });

  test("clock times and headings are left alone", () => {
    expect(inline("# at 12:30 and")).toEqual([text("# at 12:30 and")]);
  });

  test("markup of other kinds and unsafe links are shown as they are", () => {
    for (const source of [
      "<script>alert(1)</script>",
      "<javascript:alert(1)|x>",
      "[a](http://b)",
    ]) {
      expect(JSON.stringify(inline(source))).not.toContain('"url":"javascript');
    }
    expect(inline("<script>")).toEqual([text("<script>")]);
  });

  test("links, mentions and dates are recognised", () => {
    expect(inline("<https://a.b/c?d=1&amp;e=2|here> <@U1> <#C1|ops>")).toEqual([
      { kind: "link", url: "https://a.b/c?d=1&e=2", children: [text("here")] },
      text(" "),
      { kind: "user", id: "U1", label: "" },
      text(" "),
      { kind: "channel", id: "C1", label: "ops" },
    ]);
    expect(inline("<!date^1700000000^{date_short} at {time}|then>")).toEqual([
      {
        kind: "date",
        seconds: 1_700_000_000,
        format: "{date_short} at {time}",
        url: "",
        fallback: "then",
      },
    ]);
  });

  test("quotes and code blocks are blocks", () => {
    expect(parse("a\n&gt; b\n```\nc <d>\n```").map((chunk) => chunk.kind)).toEqual([
      "lines",
      "quote",
      "pre",
    ]);
  });

  test("a hostile text of Slack's greatest length is parsed at once", () => {
    const started = performance.now();
    for (const unit of ["*_~", "<", "`", "&lt;@", "*a "]) parse(unit.repeat(12_000 / unit.length));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("dates are worded for the reader", () => {
  const berlin = { locale: "en-US", timeZone: "Europe/Berlin" };
  const noon = Date.UTC(2026, 10, 24, 12) / 1000;

  test("in the reader's time zone", () => {
    expect(slackDate(berlin, noon, "{date_num} {time}", noon)).toBe("2026-11-24 1:00 PM");
  });

  test("near days have names", () => {
    expect(slackDate(berlin, noon + 86_400, "{date_pretty} at {time}", noon, true)).toBe(
      "Tomorrow at 1:00 PM",
    );
    expect(slackDate(berlin, noon, "due {date_short_pretty}, {unknown}", noon)).toBe(
      "due today, {unknown}",
    );
  });
});

test("what people type is stored as Slack stores it", () => {
  const workspace = {
    bot: { user_id: "UBOT", name: "Deskhand" },
    people: [
      { id: "U1", name: "maya", profile: { display_name: "Maya" } },
      { id: "U2", name: "lopez", profile: { display_name: "Maya Lopez" } },
    ],
    channels: [{ id: "C1", name: "refunds", unread: 0 }],
  } as unknown as Workspace;
  expect(encodeMessage("@Maya Lopez and @Maya: see #refunds, a < b & @Mayan", workspace)).toBe(
    "<@U2> and <@U1>: see <#C1>, a &lt; b &amp; @Mayan",
  );
});
