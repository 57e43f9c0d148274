import { Link } from "@tanstack/react-router";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/settings.ts";
import { Card, PageHead } from "../../ui/card.tsx";
import { Keys } from "./keys.tsx";

export default function SettingsPage() {
  const { may, role } = useMay("admin");
  return (
    <>
      <PageHead title={text.title} />
      <div className="space-y-4">
        {may ? (
          <Keys />
        ) : (
          <Card title={text.keys.title}>
            <p className="text-muted">{frame.needs(frame.role.admin, frame.role[role])}</p>
          </Card>
        )}
        <Card title={text.more}>
          <ul className="space-y-3">
            <li>
              <a href="/api/validation/html" target="_blank" rel="noreferrer" className="text-accent underline">
                {text.validation}
              </a>
              <p className="text-sm text-muted">{text.validationBody}</p>
            </li>
            <li>
              <Link to="/audit" className="text-accent underline">
                {text.audit}
              </Link>
              <p className="text-sm text-muted">
                {text.auditBody} {may ? "" : frame.needs(frame.role.admin, frame.role[role])}
              </p>
            </li>
            <li>
              <Link to="/set-up" className="text-accent underline">
                {text.setUp}
              </Link>
              <p className="text-sm text-muted">{text.setUpBody}</p>
            </li>
          </ul>
        </Card>
      </div>
    </>
  );
}
