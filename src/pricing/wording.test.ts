import { describe, expect, it } from "vitest";
import { checkWords, figuresFor, wordsFor } from "./wording.ts";

const TOLD = {
  title: "Raise Tea from $20.00 to $22.00",
  why: ["This is 99.2 % sure, from 1,204 purchases."],
  effect: { text: "+3.1 % revenue (90 %: +1 % to +5 %)", low: 0.01, median: 0.031, high: 0.05, monthly: null },
  evidence: [{ what: "weeks", value: "40" }],
  disproof: "",
  risk: "",
  undo: "",
  byHand: null,
};
const FIGURES = figuresFor(TOLD);

describe("words of a language model", () => {
  it.each([
    ["Raising tea to $22.00 should bring about 3.1 % more revenue.", "good"],
    ["1204 purchases in 40 weeks say so.", "good"],
    ["It should bring about 4 % more.", "bad"],
    ["It will double your revenue.", "bad"],
    ["Twenty percent more is likely.", "bad"],
    ["It brings ３ more.", "bad"],
    ["See https://example.com", "bad"],
    ["<b>Raise it</b>", "bad"],
    ["**Raise it**", "bad"],
    ["", "bad"],
    [`Raise it. ${"Really. ".repeat(200)}`, "bad"],
  ])("%j: %s", (words, kind) => {
    expect(checkWords(words, FIGURES).kind).toBe(kind);
  });

  it("are asked for with aggregated figures only, and left away when they do not hold", async () => {
    const sent: string[] = [];
    const refused: string[] = [];
    const model = (answer: string | null) => ({ ask: async (_system: string, user: string) => (sent.push(user), answer) });
    expect(await wordsFor(model("It has 99.2 % on its side."), TOLD, (reason) => refused.push(reason))).toBe("It has 99.2 % on its side.");
    expect(await wordsFor(model("It has 12 % on its side."), TOLD, (reason) => refused.push(reason))).toBeNull();
    expect(await wordsFor(model(null), TOLD, (reason) => refused.push(reason))).toBeNull();
    expect(await wordsFor(null, TOLD, (reason) => refused.push(reason))).toBeNull();
    expect(refused).toEqual(["a number that was not given: 12"]);
    expect(Object.keys(JSON.parse(sent[0] ?? "{}") as object)).toEqual(["title", "why", "effect", "evidence"]);
  });
});
