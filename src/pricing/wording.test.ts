import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { expect, describe, it, onTestFinished } from "vitest";
import { Secret } from "../platform/index.ts";
import type { Draft } from "./suggestion.ts";
import { checkWords } from "./word-check.ts";
import { chatModel } from "./word-model.ts";
import { createWorder, figuresFor } from "./wording.ts";

const DRAFT: Pick<Draft, "kind" | "told"> & Draft = {
  kind: "raise",
  product: "prod_1",
  currency: null,
  from: null,
  to: null,
  basis: { price: null, unitAmount: null, recurring: null, elasticity: null, purchases: 1204 },
  told: {
    title: "Raise Tea for ann@example.com from $20.00 to $22.00",
    why: ["The price goes from $20.00 to $22.00.", "This is 99.2 % sure, from 1,204 purchases; 3 of 40 weeks were left out."],
    effect: { text: "+3.1 % revenue (90 %: -1 % to +5 %)", low: 0.01, median: 0.031, high: 0.05, monthly: null },
    evidence: [{ what: "weeks", value: "40" }],
    disproof: "",
    risk: "",
    undo: "",
    byHand: null,
  },
};
const FIGURES = [...DRAFT.told.why, DRAFT.told.effect.text, "weeks: 40"];

describe("words of a language model", () => {
  it.each([
    "Raising it to $22.00 should bring about 3.1 % more revenue.",
    "1204 purchases in all say so, and 3 of 40 weeks were left out.",
    "It brings 3.1 percent more; at worst it is -1 %, at best +5 %.",
    "Customers tend to accept it — the trend of the data is clear, and the risk is small.",
  ])("good: %j", (words) => {
    expect(checkWords(words, FIGURES)).toEqual({ kind: "good", text: words });
  });

  it.each([
    "It should bring about 4 % more.",
    "It should bring 40 % more.",
    "It may bring 1 % at worst.",
    "It brings 3.1 more.",
    "It costs €22.00.",
    "It is sold at $40.",
    "3 in 40 customers leave.",
    "20.00 of 22.00 stay.",
    "It brings 3/40 more.",
    "It brings 3 40 more.",
    "It brings 3 x 40 more.",
    "It will double your revenue.",
    "It doubled.",
    "Twenty percent more is likely.",
    "Twenty-five or twentyfive more.",
    "One in three buyers leaves.",
    "One percent more.",
    "A third more.",
    "It is threefold.",
    "Half of them stay, or a couple.",
    "A dozen more, twice as good, several hundreds.",
    "Zwanzig Prozent mehr.",
    "Veinte por ciento.",
    "It brings XX more.",
    "It brings ３ more.",
    "It brings ٣ more.",
    "It brings ½ more.",
    "It brings ③ more.",
    "It brings 5‰ more.",
    "It brings 40k more.",
    "It brings t w e n t y more.",
    "It brings twen\u200Bty more.",
    "See https://example.com",
    "See example.com for more",
    "See www for more",
    "Write to ann@example",
    "//evil",
    "<b>Raise it</b>",
    "**Raise it**",
    "[Raise](it)",
    "&lt;b",
    "Raise it\u0007",
    "Поднять цену",
    "  \n ",
    `Raise it. ${"Really. ".repeat(200)}`,
  ])("bad: %j", (words) => {
    const verdict = checkWords(words, FIGURES);
    expect(verdict.kind).toBe("bad");
    // What somebody else's program said is quoted nowhere.
    expect(verdict.kind === "bad" && /more|leave|Raise|[0-689]/.test(verdict.reason.replace("700", ""))).toBe(false);
  });

  it("are asked for with aggregated figures only: no name of a product", () => {
    const sent = figuresFor(DRAFT);
    expect(Object.keys(JSON.parse(sent) as object)).toEqual(["suggestion", "why", "effect", "evidence"]);
    expect(sent).not.toMatch(/Tea|ann@|prod_/);
  });

  it("stand before the plain ones, and are left away when they do not hold; after a silence nobody is asked again", async () => {
    const answers = [{ kind: "words", text: "It has 99.2 % on its side." }, { kind: "words", text: "It has 12 % on its side." }, { kind: "none", reason: "the language model: no answer" }] as const;
    let asked = 0;
    const worder = createWorder({ name: "m", ask: async () => answers[asked++] ?? { kind: "none", reason: "asked too often" } });
    expect(await worder.word(DRAFT)).toEqual({ why: ["In the words of m, its numbers checked against these figures: It has 99.2 % on its side.", ...DRAFT.told.why], refused: null });
    expect(await worder.word(DRAFT)).toEqual({ why: DRAFT.told.why, refused: "they held a number that was not given" });
    expect(await worder.word(DRAFT)).toEqual({ why: DRAFT.told.why, refused: "the language model: no answer" });
    expect(await worder.word(DRAFT)).toEqual({ why: DRAFT.told.why, refused: "the language model: no answer" });
    expect(asked).toBe(3);
    expect(worder.counts).toEqual({ worded: 1, plain: 3 });
    expect(await createWorder(null).word(DRAFT)).toEqual({ why: DRAFT.told.why, refused: null });
  });
});

const KEY = "sk-wordsKey0123456789";

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

async function endpoint(answer: (response: ServerResponse) => void): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      asked.push({ path: request.url ?? "", authorization: request.headers.authorization, body: JSON.parse(body) as Record<string, unknown> });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, asked };
}

const settings = (url: string, more = {}) => ({ url, model: "small", timeoutMs: 2000, allowPrivate: true, key: new Secret(KEY), ...more });
const chat = (content: unknown): string => JSON.stringify({ choices: [{ message: { role: "assistant", content } }] });

describe("an OpenAI-compatible endpoint", () => {
  it("is asked once, with its key in the header only", async () => {
    const { url, asked } = await endpoint((response) => response.end(chat("It has 99.2 % on its side.")));
    const worder = createWorder(chatModel(settings(url)));
    expect((await worder.word(DRAFT)).why[0]).toContain("It has 99.2 % on its side.");
    expect(asked).toMatchObject([{ path: "/v1/chat/completions", authorization: `Bearer ${KEY}`, body: { model: "small", stream: false, messages: [{ role: "system" }, { role: "user", content: figuresFor(DRAFT) }] } }]);
    expect(JSON.stringify(asked[0]?.body)).not.toContain(KEY);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ["refuses", (response) => response.writeHead(401).end(`wrong key ${KEY}`), /status 401/],
    ["sends elsewhere", (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(), /status 302/],
    ["is overloaded", (response) => response.writeHead(503).end(), /status 503/],
    ["says no JSON", (response) => response.end("<html>It works</html>"), /could not be read/],
    ["says other JSON", (response) => response.end(JSON.stringify({ choices: [] })), /could not be read/],
    ["says null", (response) => response.end("null"), /could not be read/],
    ["gives no text", (response) => response.end(chat([{ type: "text", text: "Raise it." }])), /could not be read/],
    ["says too much", (response) => response.end(chat("x".repeat(3_000_000))), /could not be read/],
    ["says a long text", (response) => response.end(chat("Really. ".repeat(500))), /longer than 700/],
    ["hangs up", (response) => response.destroy(), /cannot be reached|broke/],
    ["breaks off", (response) => (response.writeHead(200, { "content-length": "500" }).write("{"), setImmediate(() => response.destroy())), /broke|could not be read/],
    ["never ends", (response) => response.writeHead(200).write("{"), /no answer within/],
    ["never answers", () => {}, /no answer within/],
    ["gives the key back", (response) => response.end(chat(`Your key is ${KEY.toUpperCase()}`)), /must not be shown/],
    ["gives the key back in pieces", (response) => response.end(chat(`Your key is ${KEY.slice(0, 6)} ${KEY.slice(6)}`)), /must not be shown/],
    ["makes up a number", (response) => response.end(chat("It brings 17 % more.")), /a number that was not given/],
    ["sends markup", (response) => response.end(chat("<img src=x>")), /markup or a link/],
  ])("that %s leaves the plain words, and says so without the key", async (what, answer, reason) => {
    const { url, asked } = await endpoint(answer);
    const { why, refused } = await createWorder(chatModel(settings(url, { timeoutMs: what.startsWith("never") ? 1000 : 30_000 }))).word(DRAFT);
    expect(why).toEqual(DRAFT.told.why);
    expect(refused).toMatch(reason);
    expect(refused?.toLowerCase()).not.toContain(KEY.slice(0, 8).toLowerCase());
    expect(refused).not.toContain("127.0.0.1");
    expect(asked).toHaveLength(1);
  });

  it("inside this machine is not asked unless that is allowed; too many figures are not sent", async () => {
    const { url, asked } = await endpoint((response) => response.end(chat("Raise it.")));
    const model = chatModel(settings(url, { allowPrivate: false }));
    expect(await model.ask("s", "u")).toEqual({ kind: "none", reason: expect.stringContaining("inside this machine") });
    expect(await chatModel(settings(url)).ask("s", "u".repeat(10_000))).toEqual({ kind: "none", reason: "the figures are too many to be sent" });
    expect(asked).toEqual([]);
    expect(`${inspect(model)} ${JSON.stringify(model)}`).not.toContain(KEY);
  });

  it("that wants no key gets none", async () => {
    const { url, asked } = await endpoint((response) => response.end(chat("Raise it.")));
    expect(await chatModel(settings(url, { key: null })).ask("s", "u")).toEqual({ kind: "words", text: "Raise it." });
    expect(asked[0]?.authorization).toBeUndefined();
  });
});
