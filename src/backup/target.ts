/** Where backups are kept. Names are of letters, digits, `.`, `-` and `_`. */
export interface Target {
  /** For people: `directory /var/lib/tillwatch/backups`. Holds no secret. */
  readonly label: string;
  /** False: what is old there is let go by somebody else. */
  readonly rotates: boolean;
  /** Writes under a temporary name; the object is there under its own, whole and on disk, when the promise resolves. Answers its size. */
  put(name: string, bytes: AsyncIterable<Uint8Array>): Promise<number>;
  /** @throws AppError `not_found`. */
  get(name: string): Promise<AsyncIterable<Uint8Array>>;
  list(): Promise<readonly Stored[]>;
  remove(name: string): Promise<void>;
  /** Removes what broken-off writes left behind that began before (ms UTC). */
  clean(beforeMs: number): Promise<void>;
  /** Bytes that can still be written; null when nobody says. */
  free(): Promise<number | null>;
}

export interface Stored {
  readonly name: string;
  readonly bytes: number;
  /** When it was written, ms UTC. */
  readonly at: number;
}
