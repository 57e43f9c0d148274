import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { AppError, Secret } from "../platform/index.ts";
import type { S3Limits } from "./bucket.ts";
import { directoryTarget } from "./directory.ts";
import { s3Target } from "./s3.ts";
import type { Target } from "./target.ts";
import { type Fault, S3_KEY, S3_SECRET, type S3Server, s3Server } from "./testing/s3-server.ts";

const PART = 64 * 1024;
const SHORT: S3Limits = { part: PART, requestMs: 300, idleMs: 300, tries: 2 };

async function* chunked(bytes: Buffer, size = 10_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(target: Target, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await target.get(name)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function troubleOf(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return error;
}

describe("every kind of target", () => {
  const kinds: [string, () => Promise<Target>][] = [
    ["a directory", async () => directoryTarget(temporaryDirectory())],
    ["a bucket", async () => s3Target((await s3Server()).settings(), SHORT)],
    ["a bucket without a prefix", async () => s3Target((await s3Server()).settings({ prefix: "" }), SHORT)],
  ];
  it.each(kinds)("%s keeps, gives back, lists, replaces and removes", async (_name, make) => {
    const target = await make();
    const all = new Map([0, 1, PART - 1, PART, PART + 1, 3 * PART + 17].map((size) => [`of-${size}.twb`, randomBytes(size)]));
    expect(await target.list()).toEqual([]);
    for (const [name, bytes] of all) expect(await target.put(name, chunked(bytes))).toBe(bytes.length);
    expect(new Map((await target.list()).map(({ name, bytes }) => [name, bytes]))).toEqual(new Map([...all].map(([name, bytes]) => [name, bytes.length])));
    expect((await target.list()).every(({ at }) => Math.abs(at - Date.now()) < 3_600_000)).toBe(true);
    for (const [name, bytes] of all) expect((await readAll(target, name)).equals(bytes), name).toBe(true);
    await target.put("of-1.twb", chunked(Buffer.from("new")));
    expect((await readAll(target, "of-1.twb")).toString()).toBe("new");
    await target.remove("of-1.twb");
    await target.remove("never-there.twb");
    expect(await troubleOf(readAll(target, "of-1.twb"))).toMatchObject({ kind: "not_found", code: "backup_not_found" });
    expect(await target.list()).toHaveLength(all.size - 1);
  });
});

describe("a bucket", () => {
  const bytes = randomBytes(3 * PART + 17);
  const ready = async (more: Parameters<S3Server["settings"]>[0] = {}): Promise<{ server: S3Server; target: Target }> => {
    const server = await s3Server();
    return { server, target: s3Target(server.settings(more), SHORT) };
  };

  const cases: [string, Fault, Parameters<S3Server["fault"]>[0]["operation"], RegExp][] = [
    ["is refused", "403", "UploadPart", /403 AccessDenied.*AWS_ACCESS_KEY_ID/],
    ["fails at its side", "500", "UploadPart", /answered 500 InternalError/],
    ["cuts the connection", "cut", "UploadPart", /cannot be reached \(ECONNRESET\)/],
    ["hangs", "hang", "UploadPart", /cannot be reached \((ETIMEDOUT|TimeoutError)\)/],
    ["does not begin", "500", "CreateMultipartUpload", /answered 500/],
    ["is not put together", "500", "CompleteMultipartUpload", /answered 500/],
    ["is not put together, for it is refused", "403", "CompleteMultipartUpload", /403/],
    ["is kept otherwise than it was sent", "flip", "CompleteMultipartUpload", /is not what was sent; it was removed/],
  ];
  it.each(cases)("leaves nothing when an upload %s", async (_name, fault, operation, says) => {
    const { server, target } = await ready();
    server.fault = (asked) => (asked.operation === operation && (operation !== "UploadPart" || asked.query.get("partNumber") === "2") ? fault : null);
    const error = await troubleOf(target.put("a.twb", chunked(bytes)));
    expect(error).toMatchObject({ kind: "unavailable" });
    expect(error.message).toMatch(says);
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain(S3_SECRET);
    expect(error.message).not.toContain(S3_KEY);
    expect([server.objects.size, server.uploads.size]).toEqual([0, 0]);
  });

  it("takes one failure of each kind without a word", async () => {
    for (const fault of ["500", "cut", "hang"] as const) {
      const { server, target } = await ready();
      const failed = new Set<string>();
      server.fault = ({ operation, query }) => {
        const which = `${operation} ${query.get("partNumber") ?? ""}`;
        return failed.has(which) || !failed.add(which) ? null : fault;
      };
      expect(await target.put("a.twb", chunked(bytes)), fault).toBe(bytes.length);
      expect((await readAll(target, "a.twb")).equals(bytes), fault).toBe(true);
    }
  });

  it("is asked what there is when the last answer was lost", async () => {
    const { server, target } = await ready();
    server.fault = ({ operation }) => (operation === "CompleteMultipartUpload" ? "lose" : null);
    expect(await target.put("a.twb", chunked(bytes))).toBe(bytes.length);
    expect((await readAll(target, "a.twb")).equals(bytes)).toBe(true);
  });

  it("refuses a part that changed on the way", async () => {
    const { server, target } = await ready();
    server.fault = ({ operation }) => (operation === "UploadPart" ? "flip" : null);
    expect((await troubleOf(target.put("a.twb", chunked(bytes)))).message).toMatch(/400 BadDigest/);
    expect([server.objects.size, server.uploads.size]).toEqual([0, 0]);
  });

  it("is read back where its ETags say nothing, and what differs is removed", async () => {
    const { server, target } = await ready();
    server.opaque = true;
    await target.put("a.twb", chunked(bytes));
    expect(server.asked.filter(({ operation }) => operation === "GetObject")).toHaveLength(1);
    server.fault = ({ operation }) => (operation === "CompleteMultipartUpload" ? "flip" : null);
    expect(await troubleOf(target.put("b.twb", chunked(bytes)))).toMatchObject({ code: "backup_s3_differs" });
    expect([...server.objects.keys()]).toEqual(["shop/a.twb"]);
  });

  it("goes on reading where the connection broke, and only of the same object", async () => {
    const { server, target } = await ready();
    await target.put("a.twb", chunked(bytes));
    let cuts = 0;
    server.fault = ({ operation }) => (operation === "GetObject" && (cuts += 1) <= 3 ? "cut" : null);
    expect((await readAll(target, "a.twb")).equals(bytes)).toBe(true);
    expect(cuts).toBeGreaterThan(3);
    let stalls = 0;
    server.fault = ({ operation }) => (operation === "GetObject" && (stalls += 1) <= 1 ? "stall" : null);
    expect((await readAll(target, "a.twb")).equals(bytes)).toBe(true);
    expect(stalls).toBe(2);
    const reading = (await target.get("a.twb"))[Symbol.asyncIterator]();
    server.fault = () => "500";
    await expect((async () => {
      while ((await reading.next()).done !== true);
    })()).resolves.toBeUndefined();
    server.fault = ({ operation }) => (operation === "GetObject" ? "cut" : null);
    const cut = (await target.get("a.twb"))[Symbol.asyncIterator]();
    await cut.next();
    server.fault = () => null;
    server.objects.set("shop/a.twb", { bytes: randomBytes(bytes.length), etag: "another", at: new Date() });
    expect((await troubleOf((async () => {
      while ((await cut.next()).done !== true);
    })())).message).toMatch(/412/);
  });

  it("stops what is written when its source does, and cleans up what a killed one left", async () => {
    const { server, target } = await ready();
    const stopped = (async function* () {
      yield bytes;
      throw new AppError("unavailable", "stopped", { code: "interrupted" });
    })();
    expect(await troubleOf(target.put("a.twb", stopped))).toMatchObject({ code: "interrupted" });
    expect(server.uploads.size).toBe(0);
    for (const [id, key, ageMs] of [["old", "shop/x.twb", 7_200_000], ["young", "shop/y.twb", 0], ["other", "else/z.twb", 7_200_000]] as const) server.uploads.set(id, { key, parts: new Map(), begunAt: new Date(Date.now() - ageMs) });
    await target.clean(Date.now() - 3_600_000);
    expect([...server.uploads.keys()]).toEqual(["young", "other"]);
    server.fault = ({ operation }) => (operation === "ListMultipartUploads" ? "403" : null);
    await target.clean(Date.now());
    expect(server.uploads.size).toBe(2);
  });

  it("says what is wrong with its settings, and asks nothing inside unless that is meant", async () => {
    const { server } = await ready();
    const words = async (more: Parameters<S3Server["settings"]>[0]): Promise<string> => (await troubleOf(s3Target(server.settings(more), SHORT).list())).message;
    expect(await words({ secretAccessKey: new Secret("wrong") })).toMatch(/403 SignatureDoesNotMatch/);
    expect(await words({ bucket: "nobodys" })).toMatch(/no such bucket/);
    expect(await words({ endpoint: "http://127.0.0.1:9" })).toMatch(/cannot be reached \(ECONNREFUSED\)/);
    const before = server.asked.length;
    expect(await words({ allowPrivate: false })).toMatch(/allow_private/);
    expect(await words({ allowPrivate: false, endpoint: server.url.replace("127.0.0.1", "localhost") })).toMatch(/allow_private/);
    expect(await words({ allowPrivate: false, endpoint: "http://[::1]:9" })).toMatch(/allow_private/);
    expect(server.asked).toHaveLength(before);
    expect(await s3Target(server.settings({ endpoint: server.url.replace("127.0.0.1", "localhost") }), SHORT).list()).toEqual([]);
  });
});
