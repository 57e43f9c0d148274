import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { virtualClock } from "./clock.ts";
import { type JournalOptions, type JournalTrouble, openJournal, requireWritableDirectory } from "./journal.ts";

function journal(options: Partial<JournalOptions> = {}) {
  const dir = join(temporaryDirectory(), "logs");
  const clock = virtualClock(Date.UTC(2025, 9, 20, 18, 25, 24));
  const troubles: JournalTrouble[] = [];
  const opened = openJournal({ dir, clock, onTrouble: (trouble) => troubles.push(trouble), ...options });
  onTestFinished(() => opened.close());
  const read = (name = "refunds.ndjson") => readFileSync(join(dir, name), "utf8");
  return { dir, clock, troubles, opened, read, append: (...objects: object[]) => opened.append("refunds.ndjson", objects) };
}

describe("journal", () => {
  it("appends whole lines, in a directory that it makes", () => {
    const { append, read, troubles } = journal();
    append({ id: 1 }, { id: 2 });
    append({ id: 3 });
    append();
    expect(read()).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
    expect(troubles).toEqual([]);
  });

  it("writes a batch in one write", () => {
    const writes: number[] = [];
    const { append } = journal({
      write: (fd, bytes) => {
        writes.push(bytes.length);
        return writeSync(fd, bytes);
      },
    });
    append(...Array.from({ length: 50 }, (_, id) => ({ id })));
    expect(writes).toHaveLength(1);
  });

  it("writes nothing when it is off", () => {
    const { append, opened, dir } = journal({ dir: null });
    append({ id: 1 });
    expect(opened.lostLines()).toBe(0);
    expect(() => readdirSync(dir)).toThrow("ENOENT");
  });

  it("goes on in a new file when the old one was moved or deleted, directory and all", () => {
    const { append, read, dir } = journal();
    append({ id: 1 });
    renameSync(join(dir, "refunds.ndjson"), join(dir, "old"));
    append({ id: 2 });
    unlinkSync(join(dir, "refunds.ndjson"));
    append({ id: 3 });
    expect([read("old"), read()]).toEqual(['{"id":1}\n', '{"id":3}\n']);
    rmSync(dir, { recursive: true });
    append({ id: 4 });
    expect(read()).toBe('{"id":4}\n');
  });

  it("begins a line of its own behind one that a crash cut off", () => {
    const { append, read, dir } = journal();
    mkdirSync(dir);
    writeFileSync(join(dir, "refunds.ndjson"), '{"id":1}\n{"id":');
    append({ id: 3 });
    append({ id: 4 });
    expect(read()).toBe('{"id":1}\n{"id":\n{"id":3}\n{"id":4}\n');
  });

  it("takes half a line back when the disk takes only a part", () => {
    let room = 12;
    const { append, read, troubles, opened } = journal({
      write: (fd, bytes) => {
        const written = writeSync(fd, bytes.subarray(0, room));
        room -= written;
        return written;
      },
    });
    append({ id: 1 }, { id: 2 }, { id: 3 });
    expect(read()).toBe('{"id":1}\n');
    expect(opened.lostLines()).toBe(2);
    expect(troubles).toEqual([{ kind: "lost", lines: 2, reason: "the disk took only a part" }]);
    room = 1000;
    append({ id: 4 });
    expect(read()).toBe('{"id":1}\n{"id":4}\n');
  });

  it("leaves what another process wrote behind half a line", () => {
    let first = true;
    const { append, read, dir } = journal({
      write: (fd, bytes) => {
        if (!first) return writeSync(fd, bytes);
        first = false;
        const written = writeSync(fd, bytes.subarray(0, 4));
        appendFileSync(join(dir, "refunds.ndjson"), '"theirs"\n');
        return written;
      },
    });
    append({ id: 1 });
    append({ id: 2 });
    expect(read()).toBe('{"id"theirs"\n\n{"id":2}\n');
  });

  it("counts what a full disk refuses, says so once a minute, and recovers by itself", () => {
    const { append, read, troubles, opened, clock, dir } = journal();
    mkdirSync(dir);
    symlinkSync("/dev/full", join(dir, "refunds.ndjson"));
    append({ id: 1 }, { id: 2 });
    append({ id: 3 });
    expect(troubles).toEqual([{ kind: "lost", lines: 2, reason: expect.stringContaining("ENOSPC") }]);
    clock.advance(60_000);
    append({ id: 4 });
    expect(troubles[1]).toEqual({ kind: "lost", lines: 2, reason: expect.stringContaining("ENOSPC") });
    expect(opened.lostLines()).toBe(4);
    unlinkSync(join(dir, "refunds.ndjson"));
    append({ id: 5 });
    append({ id: 6 });
    expect(troubles.slice(2)).toEqual([{ kind: "recovered", lines: 4 }]);
    expect(read()).toBe('{"id":5}\n{"id":6}\n');
  });

  it("writes the rest when one object is no JSON or too long", () => {
    const { append, read, troubles } = journal();
    append({ id: 1 }, { big: 1n }, { long: "x".repeat(300_000) }, { id: 2 });
    expect(read()).toBe('{"id":1}\n{"id":2}\n');
    expect(troubles).toEqual([{ kind: "lost", lines: 2, reason: "a line was no JSON or too long" }]);
  });

  it("masks what looks like a secret", () => {
    const { append, read } = journal();
    append({ hosted_invoice_url: "https://invoice.stripe.com/i/acct_1/live_YWNjdF8x" });
    expect(JSON.parse(read())).toEqual({ hosted_invoice_url: "https://invoice.stripe.com/***" });
  });

  it("puts a grown file aside, compresses the older ones and keeps a number of them", async () => {
    const { append, opened, read, dir, clock } = journal({ maxFileBytes: 20, keep: 3 });
    for (let id = 0; id < 15; id += 1) {
      append({ id });
      clock.advance(1000);
    }
    await opened.close();
    const files = readdirSync(dir).sort();
    expect(files).toEqual([
      "refunds.ndjson",
      "refunds.ndjson.20251020T182532000Z-000.gz",
      "refunds.ndjson.20251020T182535000Z-000.gz",
      "refunds.ndjson.20251020T182537000Z-000",
    ]);
    const [now = "", ...aside] = files;
    const text = [...aside, now].map((name) => (name.endsWith(".gz") ? gunzipSync(readFileSync(join(dir, name))).toString() : read(name)));
    expect(text.join("")).toBe([6, 7, 8, 9, 10, 11, 12, 13, 14].map((id) => `{"id":${id}}\n`).join(""));
  });

  it("lets two processes append to one file and put it aside", async () => {
    const one = journal({ maxFileBytes: 100, keep: 1000 });
    const two = openJournal({ dir: one.dir, clock: one.clock, onTrouble: () => {}, maxFileBytes: 100, keep: 1000 });
    for (let id = 0; id < 100; id += 1) (id % 3 === 0 ? two : one.opened).append("refunds.ndjson", [{ id }]);
    await Promise.all([one.opened.close(), two.close()]);
    const lines = readdirSync(one.dir).flatMap((name) => {
      const bytes = readFileSync(join(one.dir, name));
      return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trimEnd().split("\n");
    });
    expect(lines.map((line) => (JSON.parse(line) as { id: number }).id).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, id) => id));
  });

  it("refuses a directory that cannot be written, naming it", () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    expect(() => requireWritableDirectory(join(file, "logs"), "LOG_DIR")).toThrow(/^LOG_DIR: the directory .*file\/logs cannot be written \(ENOTDIR\)/);
    expect(() => requireWritableDirectory(join(temporaryDirectory(), "a/b"), "LOG_DIR")).not.toThrow();
  });
});
