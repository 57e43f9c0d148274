import type { Page } from "../../page.ts";
import { text } from "../../text/set-up.ts";

export default [{ path: "/set-up", title: text.title, load: () => import("./set-up.tsx") }] satisfies readonly Page[];
