import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { type Duplex, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import { knownEvents, openAppendBeside } from "../../ledger/index.ts";
import { AppError, type Database, errorText } from "../../platform/index.ts";
import { readRow, type Row } from "./csv.ts";
import { readLine, readRecord, TOO_DEEP } from "./line.ts";
import type { Made } from "./made.ts";
import { type Occurrences, occurrences } from "./occurrences.ts";
import { fieldsOf, type LineOutcome, type Reading } from "./reading.ts";
import { emptyReport, fileReport, type FileReport, type ImportReport, noteBad, noteSkipped } from "./report.ts";
import { take } from "./take.ts";
import { LineCutter } from "./text-lines.ts";

export interface ImportOptions extends Omit<Reading, "file" | "source" | "occurrence"> {
  readonly files: readonly string[];
  /** Reads and decides everything, and stores nothing. */
  readonly dryRun: boolean;
  /** Told of bytes read, as they are read from disk. */
  onProgress(bytes: number): void;
}

/** Made events of one transaction: enough that its fsync does not count, little enough for memory and for the service beside it. */
const BATCH = 2000;
/** A JSON document (not NDJSON) is read whole. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** `payments_x.ndjson.1` and `payments_x.ndjson.gz` are `payments_x.ndjson`, moved away by a rotation. */
export function fileName(path: string): string {
  return basename(path).replace(/\.gz$/, "").replace(/[.-]\d+$/, "");
}

/** Older rotations first, so that lines alike get the same numbers every time. */
function inOrder(files: readonly string[]): string[] {
  const rotation = (path: string): number => Number(/\.(\d{1,6})(?:\.gz)?$/.exec(path)?.[1] ?? 0);
  return [...new Set(files)].sort((one, other) => (fileName(one) === fileName(other) ? rotation(other) - rotation(one) : one < other ? -1 : 1));
}

/**
 * Takes files of the older system and Stripe's exports into the ledger. Streams: memory does not grow with a file. Each
 * transaction is whole, and each line has the same identity whenever it is read, so a run that was cut short is just
 * run again.
 *
 * @throws AppError `not_found` or `invalid` for a file that cannot be read, after the ones before it were taken.
 */
export async function importFiles(db: Database, options: ImportOptions): Promise<ImportReport> {
  const report = emptyReport();
  const append = openAppendBeside(db);
  const counters = new Map<string, Occurrences>();
  for (const path of inOrder(options.files)) {
    const name = fileName(path);
    const counter = counters.get(name) ?? occurrences();
    counters.set(name, counter);
    const file = fileReport(report, path);
    const reading: Reading = { ...options, file: name, source: "import", occurrence: (text) => counter.next(text) };
    const sink = batchSink(db, append, options.dryRun, report, file);
    try {
      await readFile(path, reading, sink, options.onProgress);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("not_found", `cannot read ${path}: ${errorText(error)}`, { code: "file_not_read", cause: error });
    }
    await sink.flush();
  }
  return report;
}

interface Sink {
  put(line: number, outcome: LineOutcome): void;
  full(): boolean;
  flush(): Promise<void>;
}

function batchSink(db: Database, append: ReturnType<typeof openAppendBeside>, dryRun: boolean, report: ImportReport, file: FileReport): Sink {
  let batch: Made[] = [];
  return {
    put: (line, outcome) => {
      file.lines += 1;
      switch (outcome.kind) {
        case "taken":
          batch.push(...outcome.made);
          return;
        case "skipped":
          noteSkipped(report, file, outcome.reason);
          return;
        case "bad":
          noteBad(report, file, line, outcome.reason);
          return;
      }
    },
    full: () => batch.length >= BATCH,
    flush: async () => {
      if (batch.length === 0) return;
      const made = batch;
      batch = [];
      if (dryRun) {
        const known = await knownEvents(db.read, made.map(({ arrival }) => arrival.head.eventId));
        file.alreadyThere += known.size;
        file.taken += made.length - known.size;
        return;
      }
      const { taken, alreadyThere } = await take(db, append, made, async () => {});
      file.taken += taken;
      file.alreadyThere += alreadyThere;
    },
  };
}

type Bytes = AsyncIterable<Buffer>;

async function* counted(path: string, onProgress: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: 64 * 1024 }) as AsyncIterable<Buffer>) {
    onProgress(chunk.length);
    yield chunk;
  }
}

async function readFile(path: string, reading: Reading, sink: Sink, onProgress: (bytes: number) => void): Promise<void> {
  const raw = counted(path, onProgress);
  const bytes: Bytes = path.endsWith(".gz") ? compose(Readable.from(raw), createGunzip()) : raw;
  if (/\.csv$/i.test(reading.file)) await readCsv(bytes, reading, sink);
  else if (/\.json$/i.test(reading.file)) await readDocument(bytes, path, reading, sink);
  else await readNdjson(bytes, reading, sink);
}

/** As `pipe`, with the error of the source passed on, so that it ends the reading and not the process. */
function compose<Through extends Duplex>(from: Readable, through: Through): Through {
  from.on("error", (error) => through.destroy(error));
  return from.pipe(through);
}

async function readNdjson(bytes: Bytes, reading: Reading, sink: Sink): Promise<void> {
  const cutter = new LineCutter();
  const put = ({ number, text }: { number: number; text: string | null }): void => {
    if (text === null) sink.put(number, { kind: "bad", reason: "longer than 1 MiB" });
    else if (text.trim() !== "") sink.put(number, readLine(text, reading));
  };
  for await (const chunk of bytes) {
    for (const line of cutter.push(chunk)) {
      put(line);
      if (sink.full()) await sink.flush();
    }
  }
  for (const line of cutter.end()) put(line);
}

/** `stripe events list` and the API answer a list; a page of it is small. Falls back to NDJSON, whatever the file is called. */
async function readDocument(bytes: Bytes, path: string, reading: Reading, sink: Sink): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) throw new AppError("invalid", `${path} is larger than 64 MiB; make it NDJSON first (jq -c '.data[]' ${path} > events.ndjson)`, { code: "document_too_large" });
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  let parsed: unknown;
  try {
    parsed = JSON.parse(whole.toString("utf8"));
  } catch {
    await readNdjson(Readable.from([whole]) as Bytes, reading, sink);
    return;
  }
  const data = fieldsOf(parsed)?.["data"];
  const records: unknown[] = Array.isArray(parsed) ? parsed : Array.isArray(data) ? data : [parsed];
  for (const [index, record] of records.entries()) {
    sink.put(index + 1, readWritten(record, reading));
    if (sink.full()) await sink.flush();
  }
}

/** As `readLine`, of a record of a document, whose own text is not at hand. */
function readWritten(record: unknown, reading: Reading): LineOutcome {
  try {
    return readRecord(record, JSON.stringify(record), reading);
  } catch (error) {
    if (error instanceof RangeError) return { kind: "bad", reason: TOO_DEEP };
    throw error;
  }
}

async function readCsv(bytes: Bytes, reading: Reading, sink: Sink): Promise<void> {
  const parser = parse({
    bom: true,
    columns: (headings: string[]) => headings.map((heading) => heading.trim().toLowerCase()),
    info: true,
    relax_column_count: true,
    max_record_size: 1024 * 1024,
    skip_empty_lines: true,
  });
  for await (const { record, info } of compose(Readable.from(bytes), parser) as AsyncIterable<{ record: Row; info: { lines: number } }>) {
    sink.put(info.lines, readRow(record, reading));
    if (sink.full()) await sink.flush();
  }
}
