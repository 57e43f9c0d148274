import { inspect } from "node:util";

/**
 * A value that must not be seen. Printing it, writing it as JSON or putting it into a text gives `***`; only `reveal()`
 * gives the value, so that every place that uses it can be found.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "***";
  }
}
