/** How far a followed file was read. Stored with what was taken from it, in one transaction. */
export interface Place {
  /** Which file the path named: a rotation puts another one there. */
  readonly dev: number;
  readonly ino: number;
  /** Bytes of it that were dealt with; always just after a line end, unless `skipping`. */
  readonly offset: number;
  /** Lines before `offset`. */
  readonly lines: number;
  /** The bytes just before `offset`, hashed: a file that was emptied and has grown past the place again is another. */
  readonly anchor: string;
  /** In the middle of a line that is too long to be looked at. */
  readonly skipping: boolean;
  readonly taken: number;
  readonly bad: number;
  readonly lastBad: { readonly line: number; readonly reason: string } | null;
}

/** How much stands before the place to recognise it by. */
export const ANCHOR_BYTES = 256;

export interface FileNow {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

export type NextRead =
  /** First time, or the file was emptied or replaced in place. */
  | { readonly kind: "begin"; readonly reason: "new" | "emptied" | "replaced" }
  | { readonly kind: "go_on" }
  /** Another file stands there: first the rest of the old one, then this from its start. */
  | { readonly kind: "rotated" }
  | { readonly kind: "nothing_new" };

/** @param anchor of the file that is there now, before the place; null when it is shorter. */
export function nextRead(place: Place | null, now: FileNow, anchor: string | null): NextRead {
  if (place === null) return { kind: "begin", reason: "new" };
  if (place.dev !== now.dev || place.ino !== now.ino) return { kind: "rotated" };
  if (now.size < place.offset || anchor === null) return { kind: "begin", reason: "emptied" };
  if (anchor !== place.anchor) return { kind: "begin", reason: "replaced" };
  return now.size === place.offset ? { kind: "nothing_new" } : { kind: "go_on" };
}
