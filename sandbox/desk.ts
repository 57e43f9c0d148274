import { missing } from "./api/problem.ts";
import { legacyOf } from "./legacy.ts";
import { newId } from "./random.ts";
import type { BalanceTransaction, MovementSpec } from "./shapes/balance-transaction.ts";
import { balanceTransactionShape } from "./shapes/balance-transaction.ts";
import { previousAttributes } from "./shapes/event.ts";
import type { Happening } from "./shapes/event.ts";
import type { Merchant, Thing } from "./shapes/thing.ts";
import type { AgendaStep } from "./state/agenda.ts";
import type { Filter, Scope } from "./state/objects.ts";
import type { World } from "./world.ts";
import { merchantOf, record } from "./world.ts";

/** One request's (or one later step's) view of the world: its account and mode, its time, its name in the events. */
export class Desk {
  readonly world: World;
  readonly scope: Scope;
  readonly merchant: Merchant;
  readonly nowMs: number;
  readonly request: Happening["request"];

  constructor(world: World, scope: Scope, request: Happening["request"]) {
    this.world = world;
    this.scope = scope;
    this.merchant = merchantOf(world, scope);
    this.nowMs = world.nowMs();
    this.request = request;
  }

  id(prefix: string): string {
    return newId(this.world.random, prefix);
  }

  peek(id: string): Thing | null {
    return this.world.objects.get(this.scope, id);
  }

  /** @throws the API's 404 when there is no such object of that kind in this account and mode */
  find<T extends Thing>(kind: T["object"], id: string, param: string = "id"): T {
    const thing = this.peek(id);
    if (thing === null || thing.object !== kind || thing["deleted"] === true) throw missing(kind, id, param);
    return thing as T;
  }

  all<T extends Thing>(kind: T["object"], filter: Filter): T[] {
    return this.world.objects.all(this.scope, kind, filter) as T[];
  }

  save<T extends Thing>(thing: T): T {
    this.world.objects.put(this.scope, thing, true);
    return thing;
  }

  /** Saves and tells of it. @param before the object as it was, for `previous_attributes` */
  tell<T extends Thing>(type: string, thing: T, before?: Thing): T {
    this.save(thing);
    this.emit(type, thing, before);
    return thing;
  }

  emit(type: string, thing: Thing, before?: Thing): void {
    record(this.world, this.scope, {
      id: this.id("evt"),
      type,
      atMs: this.nowMs,
      object: thing,
      legacy: legacyOf(this, thing),
      previous: before === undefined ? null : previousAttributes(before, thing),
      request: this.request,
      livemode: this.merchant.livemode,
      account: this.merchant.account === this.world.settings.account ? null : this.merchant.account,
    });
  }

  later(afterMs: number, step: AgendaStep, subject: string): void {
    this.world.agenda.add(this.nowMs + afterMs, this.scope, step, subject);
  }

  /** Books a movement of money. */
  book(spec: Omit<MovementSpec, "id" | "atMs">): BalanceTransaction {
    return this.save(balanceTransactionShape({ ...spec, id: this.id("txn"), atMs: this.nowMs }));
  }
}
