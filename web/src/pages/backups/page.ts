import type { Page } from "../../page.ts";
import { text } from "../../text/backups.ts";

export default [{ path: "/settings/backups", title: text.title, load: () => import("./backups.tsx") }] satisfies readonly Page[];
