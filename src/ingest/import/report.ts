/** What became of one file. */
export interface FileReport {
  readonly file: string;
  lines: number;
  /** Lines that became something new. */
  taken: number;
  alreadyThere: number;
  skipped: number;
  bad: number;
}

export interface BadLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface ImportReport {
  readonly files: FileReport[];
  /** Why lines were skipped, and how many. */
  readonly reasons: Map<string, number>;
  /** The first ones; `bad` of the files counts all. */
  readonly badLines: BadLine[];
}

const MAX_BAD_SHOWN = 100;

export function emptyReport(): ImportReport {
  return { files: [], reasons: new Map(), badLines: [] };
}

export function fileReport(report: ImportReport, file: string): FileReport {
  const made: FileReport = { file, lines: 0, taken: 0, alreadyThere: 0, skipped: 0, bad: 0 };
  report.files.push(made);
  return made;
}

export function noteSkipped(report: ImportReport, file: FileReport, reason: string): void {
  file.skipped += 1;
  report.reasons.set(reason, (report.reasons.get(reason) ?? 0) + 1);
}

export function noteBad(report: ImportReport, file: FileReport, line: number, reason: string): void {
  file.bad += 1;
  if (report.badLines.length < MAX_BAD_SHOWN) report.badLines.push({ file: file.file, line, reason });
}

export function totals(report: ImportReport): Omit<FileReport, "file"> {
  const sum = (key: "lines" | "taken" | "alreadyThere" | "skipped" | "bad"): number => report.files.reduce((total, file) => total + file[key], 0);
  return { lines: sum("lines"), taken: sum("taken"), alreadyThere: sum("alreadyThere"), skipped: sum("skipped"), bad: sum("bad") };
}
