import { clientGroup, type HttpRequest } from "../platform/index.ts";
import type { Access, Verdict } from "./access.ts";
import type { Principal } from "./key.ts";
import { makeSession, type Session, SESSIONS_PER_KEY, tokenDigest } from "./session.ts";
import { dropOldSessions, endSessions, insertSession, readOpenSessions } from "./session-store.ts";
import { recordAudit } from "./trail.ts";

/** The visible part of what a browser says of itself. */
function clientOf(request: HttpRequest): string {
  return (request.headers["user-agent"] ?? "").replaceAll(/[^\x20-\x7e]/g, "").slice(0, 200);
}

export type SignIn = { readonly kind: "signed_in"; readonly token: string; readonly session: Session; readonly principal: Principal } | Exclude<Verdict, { kind: "known" }>;

/** Exchanges a key for a session. A wrong key counts against the address as everywhere. */
export async function signIn(access: Access, key: string, request: HttpRequest): Promise<SignIn> {
  const address = clientGroup(request.ip);
  const verdict = await access.verify(key, address);
  if (verdict.kind !== "known") return verdict;
  const { principal } = verdict;
  const now = access.clock.now();
  const { id, token } = makeSession(access.random);
  const session: Session = { id, keyId: principal.keyId, createdAt: now, lastUsedAt: now, endedAt: null, client: clientOf(request), address };
  const ended = await access.db.write(async (tx) => {
    await dropOldSessions(tx, now);
    const surplus = (await readOpenSessions(tx, principal.keyId, now)).slice(SESSIONS_PER_KEY - 1);
    for (const old of surplus) await endSessions(tx, { keyId: old.keyId, id: old.id }, now);
    await insertSession(tx, session, tokenDigest(token), access.proofOf(token, key));
    await recordAudit(tx, { at: now, actor: principal, action: "session.create", subject: id, detail: { address, client: session.client }, requestId: request.id, outcome: "ok" });
    return surplus;
  });
  for (const old of ended) access.forgetSession(old.id);
  return { kind: "signed_in", token, session, principal };
}

/** Ends this session, or with `everywhere` every session of the key; answers how many. */
export async function signOut(access: Access, by: { readonly keyId: string; readonly name: string }, sessionId: string | undefined, requestId: string): Promise<number> {
  const now = access.clock.now();
  const ended = await access.db.write(async (tx) => {
    const ids = await endSessions(tx, { keyId: by.keyId, id: sessionId }, now);
    if (ids.length > 0) await recordAudit(tx, { at: now, actor: by, action: sessionId === undefined ? "session.end_all" : "session.end", subject: sessionId ?? by.keyId, detail: { sessions: ids.length }, requestId, outcome: "ok" });
    return ids;
  });
  for (const id of ended) access.forgetSession(id);
  return ended.length;
}
