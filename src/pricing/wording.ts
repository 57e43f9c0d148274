import type { Draft } from "./suggestion.ts";
import { checkWords } from "./word-check.ts";

/**
 * Words by a language model, if one is configured: it is sent aggregated figures only and nothing of any customer, and
 * whatever it answers is thrown away unless it holds up: no number, link or markup that we did not give it.
 */
export interface WordModel {
  /** As it is shown beside its words. */
  readonly name: string;
  /** Sends one prompt. Never throws; no reason holds anything of the key, the address or the answer. */
  ask(system: string, user: string): Promise<Wording>;
}

export type Wording = { readonly kind: "words"; readonly text: string } | { readonly kind: "none"; readonly reason: string };

const SYSTEM =
  "You explain a price suggestion to the owner of a shop in two or three plain English sentences. Use only the figures you are given, written exactly as given, with their sign, unit and currency. Do not compute, round, combine or add figures, and write no number in words. No advice beyond the suggestion, no markup, no links.";

/** What a model is shown: kind, prices and aggregated figures. No name of a product: it is the shop's own text, and may be anything. */
export function figuresFor({ kind, told: { why, effect, evidence } }: Pick<Draft, "kind" | "told">): string {
  return JSON.stringify({ suggestion: kind.replaceAll("_", " "), why, effect: effect.text, evidence: evidence.map(({ what, value }) => `${what}: ${value}`) });
}

/** A run asks no more often than this, and stops at the first time nobody answers: plain words do not keep anybody waiting. */
const MOST_ASKED = 30;

export interface Worder {
  /** The explanation with the model's words before the plain ones, or as it was. */
  word(draft: Draft): Promise<{ readonly why: readonly string[]; /** Why the plain words stand alone; null when they do not, or nobody was to be asked. */ readonly refused: string | null }>;
  readonly counts: { worded: number; plain: number };
}

/** @param model null: nobody is asked, and nothing is said about it. */
export function createWorder(model: WordModel | null): Worder {
  const counts = { worded: 0, plain: 0 };
  let asked = 0;
  let silent: string | null = null;
  const one = async (draft: Draft): Promise<Wording> => {
    if (model === null) return { kind: "none", reason: "" };
    if (silent !== null) return { kind: "none", reason: silent };
    if (asked >= MOST_ASKED) return { kind: "none", reason: `${MOST_ASKED} explanations were asked for in this run already` };
    asked += 1;
    const answer = await model.ask(SYSTEM, figuresFor(draft));
    if (answer.kind === "none") {
      silent = answer.reason;
      return answer;
    }
    const { told } = draft;
    const verdict = checkWords(answer.text, [...told.why, told.effect.text, ...told.evidence.map(({ what, value }) => `${what}: ${value}`)]);
    return verdict.kind === "good" ? { kind: "words", text: verdict.text } : { kind: "none", reason: verdict.reason };
  };
  return {
    counts,
    word: async (draft) => {
      const plain = draft.told.why;
      if (model === null) return { why: plain, refused: null };
      const answer = await one(draft);
      if (answer.kind === "none") {
        counts.plain += 1;
        return { why: plain, refused: answer.reason };
      }
      counts.worded += 1;
      return { why: [`In the words of ${model.name}, its numbers checked against these figures: ${answer.text}`, ...plain], refused: null };
    },
  };
}
