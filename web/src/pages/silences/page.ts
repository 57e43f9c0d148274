import type { Page } from "../../page.ts";
import { text } from "../../text/silences.ts";

export default [{ path: "/silences", title: text.title, load: () => import("./silences.tsx") }] satisfies readonly Page[];
