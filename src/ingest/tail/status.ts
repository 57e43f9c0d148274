import { stat } from "node:fs/promises";
import type { Tx } from "../../platform/index.ts";
import { bookmark } from "../store.ts";
import type { Place } from "./place.ts";
import { tailName } from "./tail.ts";

export interface TailStatus {
  readonly path: string;
  readonly there: boolean;
  /** Bytes not read yet; null when the file is not there or is another one by now. */
  readonly behind: number | null;
  readonly taken: number;
  readonly bad: number;
  readonly lastBad: Place["lastBad"];
}

export async function tailStatus(tx: Tx, path: string): Promise<TailStatus> {
  const place = await bookmark<Place>(tx, tailName(path));
  const now = await stat(path).catch(() => null);
  const same = now !== null && (place === null || (place.ino === now.ino && place.dev === now.dev));
  return { path, there: now !== null, behind: same ? Math.max(0, now.size - (place?.offset ?? 0)) : null, taken: place?.taken ?? 0, bad: place?.bad ?? 0, lastBad: place?.lastBad ?? null };
}
