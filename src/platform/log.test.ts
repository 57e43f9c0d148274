import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog, prettyLine } from "./log.ts";
import { redact } from "./redact.ts";

const SECRETS = [
  "sk_live_51Habcdefgh0123456789",
  "rk_test_51Habcdefgh0123456789",
  "whsec_0123456789abcdef",
  "tw_8f3kd92jf0sk3",
  "pi_3Nabc_secret_9f8s7d6f5g",
  "https://invoice.stripe.com/i/acct_1/live_YWNjdF8x",
  "https://hooks.slack.com/services/T000/B000/XXXXYYYYZZZZ",
];

describe("log", () => {
  it("writes one JSON object per line", () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line), pretty: false });
    log.child({ room: "ledger" }).warn({ count: 3 }, "slow");
    log.error({ error: new TypeError("no") }, "failed");
    log.debug("not at this level");
    expect(lines).toHaveLength(2);
    expect(lines[0]?.endsWith("}\n")).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({ level: "warn", ts: expect.stringMatching(/^\d{4}-.*Z$/), room: "ledger", count: 3, msg: "slow" });
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ level: "error", msg: "failed", error: { type: "TypeError", message: "no", stack: expect.any(String) } });
  });

  it.each(SECRETS)("masks %s wherever it stands", (secret) => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line), pretty: false });
    log.info({ deep: { list: [`key ${secret}, and`] }, error: new Error(`refused ${secret}`) }, `with ${secret}`);
    log.info({ text: JSON.stringify({ inner: secret }) });
    expect(lines.join("")).not.toContain(secret.slice(-8));
    for (const line of lines) JSON.parse(line);
  });

  it.each([`X-Dash-Key: my-own-key`, `{"x-dash-key":"my-own-key"}`, `"{\\"x-dash-key\\":\\"my-own-key\\"}"`, "postgres://till:my-own-key@db/till", "Authorization: Bearer my-own-key"])("masks a key by where it stands: %s", (text) => {
    expect(redact(text)).toContain("***");
    expect(redact(text)).not.toContain("my-own-key");
  });

  it("leaves what is no secret", () => {
    const text = `{"event_id":"evt_1Nabc","payment_id":"pi_3Nabc","url":"https://example.com:8080/a@b","task":"task_runs"}`;
    expect(redact(text)).toBe(text);
  });

  it("keeps JSON whole, whatever is masked in it", () => {
    const piece = oneof(constantFrom(...SECRETS, "x-dash-key: ", 'X-Dash-Key="', "bearer ", "postgres://u:"), string());
    assert(
      property(array(piece), (pieces) => {
        const clean = redact(JSON.stringify({ text: pieces.join("") }));
        expect(Object.keys(JSON.parse(clean) as object)).toEqual(["text"]);
      }),
    );
  });

  it("is readable on a terminal", () => {
    const line = JSON.stringify({ level: "warn", ts: "2025-10-20T18:25:24.123Z", msg: "slow", room: "ledger", text: "two words", error: { stack: "Error: no\n  at a" } });
    // oxlint-disable-next-line no-control-regex -- the colours
    expect(prettyLine(line).replaceAll(/\u001B\[\d+m/g, "")).toBe('18:25:24.123 WARN  slow room=ledger text="two words"\n    Error: no\n      at a\n');
    expect(prettyLine("no JSON\n")).toBe("no JSON\n");
  });
});
