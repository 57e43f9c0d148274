import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchBackup } from "./backup.ts";
import { benchBackfill } from "./backfill.ts";
import { fillDirectory } from "./fill.ts";
import { benchForward } from "./forward.ts";
import { benchImport } from "./import.ts";
import { benchIntake } from "./intake.ts";
import { benchNotifyLatency } from "./notify-latency.ts";
import { benchNotifyQueue } from "./notify-queue.ts";
import { benchPricing } from "./pricing/main.ts";
import { benchReport } from "./report.ts";
import { benchRetention } from "./retention.ts";
import { benchScale } from "./scale.ts";
import { printTable } from "./table.ts";

const HELP = `Benchmarks of the service. Figures of one run are comparable with each other, hardly with those of another machine.

  npm run bench -- [options]

  --only intake|scale|backfill|import|forward|notify|report|backup|retention|pricing    one part only; all but the first two run only when named
  --only fill            no measuring: fills --data DIR with --events N events of the last ninety days, for the parts
                         that take --data; ten million are about 8 GB and take a quarter of an hour
  --seconds N            load per server (10)
  --events N,N           stored events for the scale part (100000,1000000); 10000000 takes about half an hour
  --per-day N            events a day for the backfill part, thirty days of them (10000); 100000 takes some minutes
  --lines N              lines of each file of the import part (1000000)
  --data DIR             a filled DATA_DIR for the report part (--only report), which reads it and changes nothing but its schema
                         or for the retention part, which changes it: give a copy; without it, PostgreSQL with --events N
                         of a month is filled and measured
  --seeds A,B            of the pricing part, any texts (figures-1); constants were chosen on tune-…
  --simulator A,B        of the pricing part: first, second (both)
  --shops N              of the pricing part: of each size and number of products, for each seed (4)
  --no-naive             of the pricing part: without the spreadsheet beside it
  --directory DIR        where the databases are made; should be the disk that will be used (the system's temporary directory)
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "10" },
    events: { type: "string", default: "100000,1000000" },
    "per-day": { type: "string", default: "10000" },
    data: { type: "string" },
    lines: { type: "string", default: "1000000" },
    directory: { type: "string", default: tmpdir() },
    seeds: { type: "string", default: "figures-1" },
    simulator: { type: "string", default: "first,second" },
    shops: { type: "string", default: "4" },
    naive: { type: "boolean", default: true },
    help: { type: "boolean", default: false },
  },
  allowNegative: true,
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const directory = mkdtempSync(join(values.directory, "tillwatch-bench-"));
  try {
    if (values.only === "pricing") {
      benchPricing({ seeds: values.seeds.split(","), simulators: values.simulator.split(","), shops: Number(values.shops), seconds: 200, naive: values.naive });
    }
    if (values.only === "backfill") {
      const found = await benchBackfill(Number(values["per-day"]), directory);
      console.log("\nBackfill of thirty days from an event list on this machine, into SQLite:\n");
      printTable(["events", "seconds", "events/s", "peak MB", "killed", "requests", "asked twice"], [[found.events, found.seconds.toFixed(0), found.perSecond, found.peakMb, found.kills, found.requests, found.askedTwice]]);
    }
    if (values.only === "import") {
      const rows = await benchImport(Number(values.lines), directory);
      console.log("\nImport by the command, into an empty SQLite database, and the same file again:\n");
      printTable(
        ["file", "lines", "MB", "seconds", "lines/s", "processor s", "peak MB", "taken", "already there"],
        rows.map((row) => [row.what, row.lines, row.megabytes, row.seconds.toFixed(1), row.perSecond, row.cpuSeconds.toFixed(1), row.peakMb, row.taken, row.alreadyThere]),
      );
    }
    if (values.only === "forward") {
      const found = await benchForward(200, directory);
      console.log("\nAn application away for an hour at 200 events/s, then slow, then answering 500 to one event; its backlog over HTTP:\n");
      printTable(
        ["events", "tries while away", "seconds", "events/s", "processor s", "peak MB", "lost", "twice", "out of order", "set aside"],
        [[found.events, found.outageTries, found.seconds.toFixed(0), found.perSecond, found.cpuSeconds.toFixed(0), found.peakMb, found.lost, found.twice, found.outOfOrder, found.setAside]],
      );
    }
    if (values.only === "fill") {
      if (values.data === undefined) throw new Error("--only fill takes --data DIR, an empty directory to fill");
      const count = Number(values.events);
      if (!Number.isSafeInteger(count) || count < 1000) throw new Error("--only fill takes --events N, one whole number from 1000 up");
      const filled = await fillDirectory(values.data, count, console.log);
      console.log(`${filled.events} events, ${(filled.bytes / 1e9).toFixed(2)} GB in ${values.data}`);
    }
    if (values.only === "notify") {
      const found = await benchNotifyLatency(directory);
      console.log(`\nFrom the commit of an event that makes a rule fire to the request at a receiver, under ${found.perSecond} events/s (${found.sent} sent, ${found.notOk} not taken; SQLite; load ${found.load1.toFixed(1)}), ms:\n`);
      printTable(["rule", "samples", "missing", "p50", "p95", "slowest"], found.rows.map((row) => [row.name, row.samples, row.missing, row.p50Ms, row.p95Ms, row.slowestMs]));
      const rows = await benchNotifyQueue(10_000, directory);
      console.log("\nNotices that queue while a channel is away, after it is back (SQLite, receiver on loopback):\n");
      printTable(
        ["channel", "away", "notices", "incidents", "tries while away", "requests after", "least gap ms", "limit ms", "wrong at the end", "seconds", "longest write ms"],
        rows.map((row) => [row.channel, row.away, row.notices, row.incidents, row.tries, row.requests, row.gapMs, row.limitMs, row.wrongAtTheEnd, row.seconds.toFixed(1), row.longestMs]),
      );
    }
    if (values.only === "backup") {
      const rows = await benchBackup(Number(values.events.split(",")[0]), directory);
      console.log("\nA backup by the command while 500 events a second come in, and its restore:\n");
      printTable(
        ["", "events", "MB", "backup s", "restore s", "p99 before", "p99 meanwhile", "sent", "not 200", "came later", "different"],
        rows.map((row) => [row.name, row.events, row.megabytes, row.backupS.toFixed(1), row.restoreS.toFixed(1), row.usualP99Ms.toFixed(1), row.backupP99Ms.toFixed(1), row.sent, row.notOk, row.later, row.different.join("; ") || "nothing"]),
      );
    }
    if (values.only === "retention") {
      const rows = await benchRetention(values.data ?? null, directory, Number(values.events.split(",")[0]));
      console.log(`\nDeliveries at 100/s while the nightly run lets the oldest day go, times in ms from when each was due:\n`);
      printTable(
        ["", "seconds", "sent", "not 200", "p50", "p99", "slowest", "events gone", "deliveries", "minutes", "run"],
        rows.map((row) => [row.phase, row.seconds.toFixed(0), row.sent, row.notOk, row.p50Ms.toFixed(1), row.p99Ms.toFixed(1), row.maxMs.toFixed(0), row.deleted?.events ?? "-", row.deleted?.deliveries ?? "-", row.deleted?.minutes ?? "-", row.outcome ?? "-"]),
      );
    }
    if (values.only === "report") {
      if (values.data === undefined) throw new Error("--only report takes --data DIR, a filled DATA_DIR");
      const found = benchReport(values.data, directory);
      console.log("\nThe report of a year compared with the year before, the whole command:\n");
      printTable(["first s", "median s", "slowest s", "page kB"], [[found.firstS.toFixed(2), found.medianS.toFixed(2), found.slowestS.toFixed(2), found.kilobytes]]);
    }
    if (values.only === undefined || values.only === "intake") {
      const { rows, bodyBytes } = await benchIntake({ seconds: Number(values.seconds), requests: 200_000, directory });
      console.log(`\nWebhook intake, 64 connections, bodies of ${bodyBytes} bytes on average, ${values.seconds} s each, on this machine's ${navigator.hardwareConcurrency} cores together with the load:\n`);
      printTable(
        ["", "req/s", "ratio", "p50 ms", "p99 ms", "not 2xx", "peak MB", "derived after s"],
        rows.map((row) => [row.name, row.load.requestsPerSecond, row.ratio.toFixed(2), row.load.p50Ms.toFixed(1), row.load.p99Ms.toFixed(1), row.load.notOk, row.peakMb, row.caughtUpS ?? "-"]),
      );
    }
    if (values.only === undefined || values.only === "scale") {
      const counts = values.events.split(",").map(Number);
      const rows = await benchScale(counts, directory);
      console.log("\nWith events stored (SQLite), p95 in ms:\n");
      printTable(
        ["events", "evaluation", "adaptive, a minute", "learning ms", ...(rows[0]?.pages.map((page) => page.name) ?? []), "start to ready ms", "stored at /s", "derived at /s", "GB"],
        rows.map((row) => [row.events, row.evaluationMs.toFixed(1), row.minuteMs.toFixed(1), row.learnMs, ...row.pages.map((page) => page.p95Ms.toFixed(1)), row.startMs, row.appendPerS, row.derivePerS, row.gigabytes.toFixed(2)]),
      );
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
