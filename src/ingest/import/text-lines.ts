/** A line with its number (from 1); null in place of a text that is too long to be looked at. */
export interface TextLine {
  readonly number: number;
  readonly text: string | null;
  /** Of the file, in bytes: where the line after it begins. */
  readonly end: number;
}

/** Stripe's largest events stay far below. */
export const MAX_LINE_BYTES = 1024 * 1024;

const NEWLINE = 10;

function textOf(bytes: Uint8Array, from: number, to: number): string {
  const end = to > from && bytes[to - 1] === 13 ? to - 1 : to;
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString("utf8");
}

/**
 * Cuts a stream of bytes into lines, keeping no more than one line of `MAX_LINE_BYTES` in memory. A class, because it is
 * fed by hand: the tail goes on where the file ended.
 */
export class LineCutter {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #tooLong = false;
  #number: number;
  #at: number;

  constructor(start: { at: number; number: number } = { at: 0, number: 0 }) {
    this.#at = start.at;
    this.#number = start.number;
  }

  /** The lines that these bytes complete. */
  push(chunk: Uint8Array): TextLine[] {
    const lines: TextLine[] = [];
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      lines.push(this.#complete(chunk, from, to, 1));
      from = to + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    return lines;
  }

  /** What stood after the last line end, if anything. */
  end(): TextLine[] {
    return this.#restBytes === 0 ? [] : [this.#complete(new Uint8Array(), 0, 0, 0)];
  }

  #complete(chunk: Uint8Array, from: number, to: number, newline: number): TextLine {
    const long = this.#tooLong || this.#restBytes + to - from > MAX_LINE_BYTES;
    let text: string | null = null;
    if (!long && this.#restBytes === 0) text = textOf(chunk, from, to);
    else if (!long) {
      const whole = Buffer.concat([...this.#rest, chunk.subarray(from, to)]);
      text = textOf(whole, 0, whole.length);
    }
    this.#number += 1;
    this.#at += this.#restBytes + (to - from) + newline;
    this.#rest = [];
    this.#restBytes = 0;
    this.#tooLong = false;
    if (this.#number === 1 && text?.startsWith("\uFEFF") === true) text = text.slice(1);
    return { number: this.#number, text, end: this.#at };
  }

  #keep(bytes: Uint8Array): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      this.#tooLong = true;
      this.#rest = [];
    } else this.#rest.push(Buffer.from(bytes));
  }
}
