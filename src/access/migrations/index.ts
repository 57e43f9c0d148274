import type { Migration } from "../../platform/index.ts";
import { access } from "./0001_access.ts";
import { links } from "./0002_links.ts";

export const accessMigrations: readonly Migration[] = [access, links];
