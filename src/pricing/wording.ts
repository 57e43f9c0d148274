import type { Told } from "./suggestion.ts";

/**
 * Words by a language model, if one is configured: it is sent aggregated figures only and nothing of any customer, and
 * whatever it answers is thrown away unless it holds up: no number, link or markup that we did not give it.
 */
export interface WordModel {
  /** Sends one prompt; the text of the answer, or null when there was none in time. Never throws. */
  ask(system: string, user: string): Promise<string | null>;
}

const SYSTEM =
  "You explain a price suggestion to the owner of a shop in two or three plain English sentences. Use only the figures you are given, written exactly as given. Do not compute, round or add figures. No advice beyond the suggestion, no markup, no links.";

const MAX_WORDS = 700;

/** What the model is shown: the same that a person reads, without the parts that are about undoing. */
export function figuresFor({ title, why, effect, evidence }: Told): string {
  return JSON.stringify({ title, why, effect: effect.text, evidence });
}

/** Digits with their separators; `1,200` and `1200` are the same number. */
function numbers(text: string): string[] {
  return [...text.matchAll(/\d[\d.,]*/g)].map(([found]) => found.replaceAll(",", "").replace(/\.+$/, "").replace(/^0+(?=\d)/, ""));
}

/** Numbers in words carry claims past a check of digits. "One" alone is also just a word. */
const SPELLED = /\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|half|third|quarter|double|triple|twice|percent)\w*\b/gi;

export type WordsVerdict = { readonly kind: "good"; readonly text: string } | { readonly kind: "bad"; readonly reason: string };

/** May these words be shown beside the figures they were made from? */
export function checkWords(words: string, figures: string): WordsVerdict {
  const text = words.replace(/\s+/g, " ").trim();
  if (text === "") return { kind: "bad", reason: "empty" };
  if (text.length > MAX_WORDS) return { kind: "bad", reason: "too long" };
  if (/[<>{}[\]`*_#|\\]|https?:|www\./i.test(text) || /\p{Cc}/u.test(text)) return { kind: "bad", reason: "markup or a link" };
  // Digits of other scripts would not be seen by the check of numbers.
  if (/[\p{Nd}\p{Nl}\p{No}]/u.test(text.replaceAll(/[0-9]/g, ""))) return { kind: "bad", reason: "a number that was not given" };
  const given = new Set(numbers(figures));
  const strange = numbers(text).find((number) => !given.has(number));
  if (strange !== undefined) return { kind: "bad", reason: `a number that was not given: ${strange.slice(0, 20)}` };
  const said = new Set([...figures.matchAll(SPELLED)].map(([word]) => word.toLowerCase()));
  const spelled = [...text.matchAll(SPELLED)].map(([word]) => word.toLowerCase()).find((word) => !said.has(word));
  if (spelled !== undefined) return { kind: "bad", reason: `a number in words that was not given: ${spelled}` };
  return { kind: "good", text };
}

/** The model's words, when they hold up; null leaves the plain explanation as it is. */
export async function wordsFor(model: WordModel | null, told: Told, onRefused: (reason: string) => void): Promise<string | null> {
  if (model === null) return null;
  const figures = figuresFor(told);
  const words = await model.ask(SYSTEM, figures);
  if (words === null) return null;
  const verdict = checkWords(words, figures);
  if (verdict.kind === "good") return verdict.text;
  onRefused(verdict.reason);
  return null;
}
