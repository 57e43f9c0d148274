import type { Migration } from "../../platform/index.ts";
import { access } from "./0001_access.ts";

export const accessMigrations: readonly Migration[] = [access];
