import type { Migration } from "../../platform/index.ts";
import { access } from "./0001_access.ts";
import { links } from "./0002_links.ts";
import { session } from "./0003_session.ts";

export const accessMigrations: readonly Migration[] = [access, links, session];
