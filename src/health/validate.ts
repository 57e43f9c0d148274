import { type Clock, errorText } from "../platform/index.ts";

/** PASS: as it should be. WARN: works, and should be better. FAIL: must be mended before somebody relies on it. */
export type Grade = "PASS" | "WARN" | "FAIL";

export interface Validated {
  readonly grade: Grade;
  /** What was seen, in one sentence. */
  readonly found: string;
  /** What to do about it, when it does not pass. */
  readonly todo?: readonly string[];
  readonly details?: readonly string[];
}

/** A question put to the whole installation, handed over by who can answer it. It really does what it says. */
export interface Validation {
  /** Stable: `permission_events_read`. */
  readonly name: string;
  /** Under which it stands on the page: "Stripe", "Security", … */
  readonly area: string;
  readonly title: string;
  readonly timeoutMs: number;
  run(signal: AbortSignal): Promise<Validated>;
}

export interface Graded extends Validated {
  readonly name: string;
  readonly area: string;
  readonly title: string;
  readonly tookMs: number;
}

export interface ValidateOptions {
  readonly clock: Clock;
  /** Milliseconds by a clock that never jumps. */
  monotonicMs(): number;
  onProgress?(done: number, total: number): void;
  onError?(error: unknown, name: string): void;
  timeout?: (ms: number) => AbortSignal;
}

/** The worst of all; an installation of which nothing is known does not pass. */
export function verdictOf(grades: readonly Grade[]): Grade {
  if (grades.includes("FAIL")) return "FAIL";
  return grades.length === 0 || grades.includes("WARN") ? "WARN" : "PASS";
}

/** Questions at a time: Stripe and the database are asked by several of them. */
const AT_ONCE = 4;

async function ended(signal: AbortSignal): Promise<Validated> {
  const { promise, resolve } = Promise.withResolvers<Validated>();
  const late = (): void => resolve({ grade: "WARN", found: "no answer in time; it was not found out", todo: ["Ask again; if it stays so, see what it asks (the database, Stripe, the network)"] });
  if (signal.aborted) late();
  else signal.addEventListener("abort", late, { once: true });
  return await promise;
}

async function answer(one: Validation, options: ValidateOptions): Promise<Graded> {
  const began = options.monotonicMs();
  const signal = (options.timeout ?? ((ms) => AbortSignal.timeout(ms)))(one.timeoutMs);
  const asked = Promise.try(() => one.run(signal)).catch((error: unknown): Validated => {
    options.onError?.(error, one.name);
    // What cannot be found out is not well, and is no proof of a fault either.
    return { grade: "WARN", found: `could not be found out: ${errorText(error).slice(0, 300)}`, todo: ["Ask again; if it stays so, the text says what fails"] };
  });
  const result = await Promise.race([asked, ended(signal)]);
  return { name: one.name, area: one.area, title: one.title, ...result, tookMs: Math.round(options.monotonicMs() - began) };
}

/** Asks all of it, a few at a time, each within its own time; the answers come in the order of the questions. */
export async function validate(validations: readonly Validation[], options: ValidateOptions): Promise<Graded[]> {
  const answers: Graded[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < validations.length; at = next++) {
      const one = validations[at];
      if (one === undefined) return;
      answers[at] = await answer(one, options);
      options.onProgress?.((done += 1), validations.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}
