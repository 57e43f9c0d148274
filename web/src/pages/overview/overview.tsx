import { text } from "../../text/overview.ts";
import { PageHead } from "../../ui/card.tsx";

export default function Overview() {
  return <PageHead title={text.title} />;
}
