/**
 * Configuration: the environment over a YAML file, checked by a schema, every problem told at once. What may be
 * configured is the caller's matter (src/app/config.ts).
 */
export * as field from "./config/fields.ts";
export { ConfigError, type ConfigProblem, didYouMean } from "./config/problem.ts";
export { type Binding, type ConfigReading, type ConfigSource, type Environment, readConfig } from "./config/read.ts";
export { Secret } from "./config/secret.ts";
