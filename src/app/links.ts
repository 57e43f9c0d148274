import type { LinkPage, LinkPages } from "../access/index.ts";
import { AppError, type Clock } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { REPORT_PAGE, reportLinkPage } from "./reports.ts";

/** For a page that is always the same. */
const noParams: LinkPage["checkParams"] = (params) => {
  const [name] = Object.keys(params);
  if (name !== undefined) throw new AppError("invalid", `params: this page takes none; leave ${JSON.stringify(name)} out`, { code: "link_params_invalid" });
  return {};
};

/** The pages that a signed link may open. A page whose route stands behind `requireEntrance` adds its line here. */
export function linkPages(config: Pick<Config, "server" | "merchant">, clock: Clock): LinkPages {
  return {
    publicUrl: config.server.publicUrl,
    pages: {
      [REPORT_PAGE]: reportLinkPage(config, clock),
      validation: { path: "/api/validation/html", title: "the validation page", checkParams: noParams },
    },
  };
}
