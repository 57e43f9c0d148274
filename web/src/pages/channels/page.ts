import type { Page } from "../../page.ts";
import { text } from "../../text/channels.ts";

export default [{ path: "/settings/channels", title: text.title, load: () => import("./channels.tsx") }] satisfies readonly Page[];
