import { AppError } from "../errors.ts";

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** Dotted path in the file (`alerts.evidence`), name of the variable (`PORT`), or name of the file. */
  key: string;
  /** What was given, masked when it is a secret; null when nothing was, or when the key itself is the problem. */
  given: string | null;
  /** What was wrong and what would be right. */
  text: string;
  /** Where in the file, when it came from there. */
  file: string | null;
  /** From 1. */
  line: number | null;
}

function problemText(problem: ConfigProblem): string {
  const place = problem.file === null ? "" : `${problem.file}${problem.line === null ? "" : `:${problem.line}`}: `;
  const given = problem.given === null ? "" : problem.file === null ? `=${problem.given}` : `: ${problem.given}`;
  return `${place}${problem.key}${given}: ${problem.text}`;
}

/** Everything that is wrong with the configuration at once; the message lists it all. */
export class ConfigError extends AppError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    super("invalid", `the configuration has ${count}:\n${problems.map((problem) => `  - ${problemText(problem)}`).join("\n")}`, { code: "config_invalid" });
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** The known name nearest to a mistyped one, when it is near enough to be meant. */
export function didYouMean(name: string, known: readonly string[]): string | null {
  const nearest = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest !== undefined && nearest.distance <= Math.max(1, Math.floor(name.length / 3)) ? nearest.candidate : null;
}

/** Levenshtein: the fewest letters to put in, take out or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
