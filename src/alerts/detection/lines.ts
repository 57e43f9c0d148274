// JSON-lines files read front to back, with an error that says where.

import { createReadStream } from "node:fs";

/** What is wrong with an input file, where, and what would be right. */
export class InputFileError extends Error {
  readonly file: string;
  /** Counted from 1; 0 when it is about the file as a whole. */
  readonly line: number;

  constructor(file: string, line: number, problem: string) {
    super(line === 0 ? `${file}: ${problem}` : `${file}:${line}: ${problem}`);
    this.name = "InputFileError";
    this.file = file;
    this.line = line;
  }
}

export interface NumberedLine {
  readonly text: string;
  readonly number: number;
  /** Bytes read of the file so far, for progress. */
  readonly bytes: number;
}

const CHUNK_BYTES = 1 << 18;
const LONGEST_LINE = 1 << 24;

/** Chunks of whole lines; empty lines are skipped. A batch at a time, for a promise a line would cost more than the line. */
export async function* lineBatches(file: string): AsyncGenerator<NumberedLine[]> {
  let rest = "";
  let number = 0;
  let bytes = 0;
  const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES, encoding: "utf8" });
  try {
    for await (const chunk of stream) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) throw new InputFileError(file, number + lines.length + 1, "the line is longer than 16 MB; expected one JSON object a line");
      bytes = stream.bytesRead;
      const batch: NumberedLine[] = [];
      for (const text of lines) {
        number++;
        if (text.trim() !== "") batch.push({ text, number, bytes });
      }
      yield batch;
    }
  } catch (error) {
    if (error instanceof InputFileError) throw error;
    throw new InputFileError(file, 0, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (rest.trim() !== "") yield [{ text: rest, number: number + 1, bytes: stream.bytesRead }];
}

/** The values of a batch, read in one go: a call a line would cost as much again. @throws InputFileError for the first line that is not JSON. */
export function parseBatch(file: string, batch: readonly NumberedLine[]): unknown[] {
  try {
    const values = JSON.parse(`[${batch.map((line) => line.text).join(",")}]`) as unknown[];
    // A line that holds two values is no line of the format, though the list is.
    if (values.length === batch.length) return values;
  } catch {
    // Found below, with its number.
  }
  return batch.map((line) => parseLine(file, line));
}

/** @throws InputFileError when the text is not JSON. */
export function parseLine(file: string, { text, number }: NumberedLine): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputFileError(file, number, `not JSON: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`);
  }
}
