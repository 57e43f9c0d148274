import type { Tx } from "../platform/index.ts";
import type { AccessKey } from "./key.ts";
import { readLiveKeys, readRevokedKeys } from "./store.ts";

const REVOKED_SHOWN = 100;

/** Every key that is not revoked, then the hundred revoked last. */
export async function listKeys(tx: Tx): Promise<AccessKey[]> {
  return [...(await readLiveKeys(tx)), ...(await readRevokedKeys(tx, REVOKED_SHOWN))];
}
