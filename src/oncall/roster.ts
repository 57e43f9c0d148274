import type { Rotation } from "./rotation.ts";

export interface Person {
  /** As configuration and API name them. */
  readonly id: string;
  /** As people say it. */
  readonly name: string;
  /** Channels that reach this person and nobody else. */
  readonly channels: readonly string[];
}

/** Everybody and every duty, as configured. */
export interface Roster {
  readonly people: readonly Person[];
  readonly rotations: readonly Rotation[];
}

export function personOf({ people }: Pick<Roster, "people">, id: string): Person | null {
  return people.find((person) => person.id === id) ?? null;
}
