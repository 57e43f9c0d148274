import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const ROUNDS = 5;

export interface ReportTimes {
  readonly firstS: number;
  readonly medianS: number;
  readonly slowestS: number;
  readonly kilobytes: number;
}

/** The whole command, from the start of its process to the page on disk: a year, compared with the year before. @param data a DATA_DIR that is filled; only read. */
export function benchReport(data: string, directory: string): ReportTimes {
  const output = join(directory, "report.html");
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const nowMs = Date.now();
  const argv = ["--disable-warning=ExperimentalWarning", MAIN, "report", "enterprise", "--from", day(nowMs - 365 * 86_400_000), "--to", day(nowMs), "--compare", "previous", "--output", output];
  const env = { ...process.env, DATA_DIR: data, LOG_DIR: "off" };
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    execFileSync(process.execPath, argv, { env, stdio: ["ignore", "ignore", "inherit"] });
    return (performance.now() - began) / 1000;
  });
  const sorted = times.toSorted((left, right) => left - right);
  return { firstS: times[0] ?? 0, medianS: sorted[Math.floor(ROUNDS / 2)] ?? 0, slowestS: sorted.at(-1) ?? 0, kilobytes: Math.round(statSync(output).size / 1000) };
}
