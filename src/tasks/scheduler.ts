import { AppError, type Clock, type Database, didYouMean, type Journal, MINUTE_MS } from "../platform/index.ts";
import { claimDue, type Claimant, claimNow, loseRun, type RunNote } from "./claim.ts";
import { endLines, skipLine, startLine, startupLine, tickLine } from "./lines.ts";
import { contextOf, endOf, recordEnd, type RunningTask, SHUTDOWN, TAKEN_OVER, timeLimitError } from "./running.ts";
import { Silence } from "./silence.ts";
import { readRun, readStates, registerTasks, renewLease } from "./store.ts";
import { TASK_NAME, type TaskDefinition, type TaskRun, type TaskState } from "./task.ts";

export interface SchedulerOptions {
  db: Database;
  tasks: readonly TaskDefinition[];
  clock: Clock;
  /** Milliseconds by a clock that never jumps (`performance.now`): time limits, durations and leases go by it. */
  monotonicMs(): number;
  journal: Pick<Journal, "append">;
  /** Unique per process: a process that starts anew is another node. */
  node: string;
  pid: number;
  /** Told what goes wrong beside the runs themselves, e.g. an end that could not be written yet. */
  onError(error: unknown, task: string): void;
  /** A node that was watched this long without renewing is taken for dead. */
  leaseMs?: number;
  /** Runs at the same time on this node. */
  maxRunning?: number;
}

export interface Scheduler {
  /** Makes the tasks known, writes the startup line, and lets the first `runDue` begin what runs at startup. */
  start(): Promise<void>;
  /**
   * One beat, to be called about once a second: enforces time limits, renews leases, writes ends, begins what is due. Does
   * not wait for what it begins. Answers whether it began something.
   */
  runDue(): Promise<boolean>;
  /**
   * Begins a run now, whatever the schedule. `finished` gives the run as it ended. A process that only does this calls
   * `beat` once a second meanwhile.
   *
   * @param note is written together with the run's beginning, e.g. who asked for it.
   * @throws AppError `not_found` for an unknown name, `conflict` when it is running.
   */
  runNow(name: string, note?: RunNote): Promise<{ run: TaskRun; finished: Promise<TaskRun> }>;
  /** The part of `runDue` that begins nothing: time limits, leases, ends. */
  beat(): Promise<void>;
  /** Resolves when no task of this node is running. */
  idle(): Promise<void>;
  /** Tells all running tasks to stop and waits for them; what was stopped is due again at the next start. */
  stop(): Promise<void>;
}

const SCHEDULER_LOG = "scheduler.log";
const LEASE_MS = MINUTE_MS;
const MAX_RUNNING = 8;

/** The scheduler of one node; any number of nodes may share the database. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const names = options.tasks.map((task) => task.name);
  const wrong = names.find((name, index) => !TASK_NAME.test(name) || names.indexOf(name) !== index);
  if (wrong !== undefined) throw new TypeError(`the task name ${wrong} is no name (small letters, digits, _) or there twice`);
  return new NodeScheduler(options);
}

class NodeScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #leaseMs: number;
  readonly #running = new Map<number, RunningTask>();
  readonly #silence: Silence;
  #atStartup: TaskDefinition[] = [];
  #minute = 0;
  #stopping = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#silence = new Silence(this.#leaseMs);
  }

  async start(): Promise<void> {
    const { db, tasks, clock, pid } = this.#options;
    const now = clock.now();
    await db.write((tx) => registerTasks(tx, tasks, now));
    this.#minute = minuteOf(now);
    this.#atStartup = tasks.filter((task) => task.atStartup === true && task.enabled !== false);
    this.#log([startupLine(now, pid)]);
  }

  async runDue(): Promise<boolean> {
    this.#tick();
    await this.beat();
    if (this.#stopping) return false;
    const states = await readStates(this.#options.db.read);
    let began = false;
    for (const task of this.#options.tasks) {
      const state = states.get(task.name);
      if (state !== undefined && (await this.#look(task, state))) began = true;
    }
    return began;
  }

  async beat(): Promise<void> {
    // First, for it needs no database: limits hold also while that is away.
    this.#enforceLimits();
    await this.#renewAndRecord();
  }

  async runNow(name: string, note?: RunNote): Promise<{ run: TaskRun; finished: Promise<TaskRun> }> {
    const { db, tasks, clock } = this.#options;
    const task = findTask(tasks, name);
    if (this.#stopping) throw SHUTDOWN;
    await db.write((tx) => registerTasks(tx, [task], clock.now()));
    let state = (await readStates(db.read)).get(name);
    // A person asks, and sees the clock: a lease that ran out is enough.
    if (state?.held && state.held.leaseUntil < clock.now() && !this.#running.has(state.held.runId)) {
      await this.#lose(task, state.held);
      state = (await readStates(db.read)).get(name);
    }
    const run = state === undefined || state.held ? null : await claimNow(this.#claimant(), task, state, "manual", note);
    if (run === null) throw new AppError("conflict", `the task ${name} is running already; wait for it to end, see \`tillwatch tasks runs ${name}\``, { code: "task_running" });
    const running = this.#begin(task, run);
    return { run, finished: running.done.then(async () => (await readRun(db.read, run.id)) ?? run) };
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all([...this.#running.values()].map((running) => running.done));
      // What has returned and could not be written is left to the next beat.
      if ([...this.#running.values()].every((running) => running.settled)) return;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const running of this.#running.values()) running.controller.abort(SHUTDOWN);
    await this.idle();
  }

  #claimant(): Claimant {
    const { db, node, clock } = this.#options;
    return { db, owner: node, leaseMs: this.#leaseMs, nowMs: clock.now() };
  }

  #log(lines: readonly object[]): void {
    this.#options.journal.append(SCHEDULER_LOG, lines);
  }

  #enforceLimits(): void {
    const mono = this.#options.monotonicMs();
    for (const running of this.#running.values()) {
      const durationMs = mono - running.startedMono;
      if (running.end !== null || running.lost || durationMs <= running.task.timeLimitMs) continue;
      const error = timeLimitError(running.task);
      running.end = { outcome: "timed_out", finishedAt: this.#options.clock.now(), durationMs: Math.round(durationMs), error: error.message, evidence: null };
      running.controller.abort(error);
    }
  }

  #tick(): void {
    const now = this.#options.clock.now();
    if (minuteOf(now) === this.#minute) return;
    this.#minute = minuteOf(now);
    this.#log([tickLine(now)]);
  }

  /** Writes ends that are not written, and gives a sign of life for what is running. */
  async #renewAndRecord(): Promise<void> {
    const mono = this.#options.monotonicMs();
    for (const running of this.#running.values()) {
      try {
        if (running.lost) continue;
        if (running.settled || (running.end !== null && !running.recorded)) await this.#record(running);
        else if (mono - running.renewedMono >= this.#leaseMs / 4) await this.#renew(running, mono);
      } catch (error) {
        this.#options.onError(error, running.task.name);
      }
    }
  }

  async #renew(running: RunningTask, mono: number): Promise<void> {
    const leaseUntil = this.#options.clock.now() + this.#leaseMs;
    if (await this.#options.db.write((tx) => renewLease(tx, running.run, leaseUntil))) running.renewedMono = mono;
    // One that has returned meanwhile may have let the task go itself.
    else if (!running.settled) this.#takenFrom(running);
  }

  /** We slept too long, and another node has taken over: its word counts. */
  #takenFrom(running: RunningTask): void {
    running.lost = true;
    running.controller.abort(TAKEN_OVER);
    if (running.settled) this.#running.delete(running.run.id);
    this.#options.onError(TAKEN_OVER, running.task.name);
  }

  async #record(running: RunningTask): Promise<void> {
    const before = running.writing.catch(() => {});
    running.writing = before.then(() => this.#writeEnd(running));
    await running.writing;
  }

  async #writeEnd(running: RunningTask): Promise<void> {
    const { end, settled } = running;
    if (end === null || running.lost || !this.#running.has(running.run.id)) return;
    if (!(await recordEnd(this.#options.db, running, end, settled))) return this.#takenFrom(running);
    if (!running.recorded) this.#log(endLines(running.task, running.run, end));
    running.recorded = true;
    if (settled) this.#running.delete(running.run.id);
  }

  /** Looks at one task: begins what is due, takes over from the dead. True when something was begun. */
  async #look(task: TaskDefinition, state: TaskState): Promise<boolean> {
    if (state.held) {
      if (this.#running.has(state.held.runId) || !this.#silence.seemsDead(task.name, state.held, this.#options.monotonicMs())) return false;
      await this.#lose(task, state.held);
      return false;
    }
    if (this.#running.size >= (this.#options.maxRunning ?? MAX_RUNNING)) return false;
    const run = await this.#claim(task, state);
    if (run === null) return false;
    // Whatever began it, it has run since the start.
    this.#atStartup = this.#atStartup.filter((other) => other !== task);
    this.#begin(task, run);
    return true;
  }

  async #claim(task: TaskDefinition, state: TaskState): Promise<TaskRun | null> {
    const claim = await claimDue(this.#claimant(), task, state);
    if (claim.kind === "run") return claim.run;
    if (claim.kind === "skipped") this.#log([skipLine(claim.run)]);
    return claim.kind === "none" && this.#atStartup.includes(task) ? await claimNow(this.#claimant(), task, state, "startup") : null;
  }

  async #lose(task: TaskDefinition, held: NonNullable<TaskState["held"]>): Promise<void> {
    const lost = await loseRun(this.#claimant(), held);
    // One that had timed out already has its line.
    if (lost?.run.outcome === "running") this.#log(endLines(task, lost.run, lost.end));
  }

  #begin(task: TaskDefinition, run: TaskRun): RunningTask {
    const startedMono = this.#options.monotonicMs();
    const controller = new AbortController();
    const running: RunningTask = { task, run, controller, startedMono, renewedMono: startedMono, end: null, settled: false, lost: false, recorded: false, writing: Promise.resolve(), done: Promise.resolve() };
    this.#running.set(run.id, running);
    this.#log([startLine(run, this.#options.clock.now())]);
    running.done = this.#execute(running);
    return running;
  }

  async #execute(running: RunningTask): Promise<void> {
    const { clock } = this.#options;
    const result = await Promise.try(() => running.task.run(contextOf(running))).then(
      (evidence) => ({ evidence }),
      (error: unknown) => ({ error }),
    );
    running.settled = true;
    running.end ??= endOf(running, result, clock.now(), this.#options.monotonicMs());
    if (running.lost) {
      this.#running.delete(running.run.id);
      return;
    }
    try {
      await this.#record(running);
    } catch (error) {
      // The database is away; the next beat tries again, and holds the lease meanwhile if it can.
      this.#options.onError(error, running.task.name);
    }
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

export function findTask(tasks: readonly TaskDefinition[], name: string): TaskDefinition {
  const task = tasks.find((one) => one.name === name);
  if (task !== undefined) return task;
  const meant = didYouMean(name, tasks.map((one) => one.name));
  throw new AppError("not_found", `there is no task ${name}; ${meant === null ? "see `tillwatch tasks` for their names" : `did you mean ${meant}?`}`, { code: "task_not_found" });
}
