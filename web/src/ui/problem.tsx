import type { ReactNode } from "react";
import { Problem } from "../api/client.ts";
import { text } from "../text/frame.ts";
import { Button } from "./button.tsx";
import { CopyText } from "./copy.tsx";
import { Banner } from "./state.tsx";

/** What happened, what it means for the money, what to do, and the request's id. */
export function ProblemBox({ error, title, money, retry, busy = false }: { error: unknown; title?: string; money?: ReactNode; retry?: () => void; busy?: boolean }) {
  const problem = error instanceof Problem ? error : null;
  return (
    <Banner state="critical" title={title ?? (problem?.status === 404 ? text.problem.missing : text.problem.title)}>
      <p className="foreign-wrap">{error instanceof Error ? error.message : String(error)}</p>
      {money === undefined ? null : <p>{money}</p>}
      <div className="mt-2 flex flex-wrap items-center gap-3">
        {retry === undefined || problem?.status === 404 ? null : (
          <Button small onClick={retry} busy={busy ? text.problem.again : false}>
            {text.problem.retry}
          </Button>
        )}
        {problem === null || problem.requestId === null ? null : (
          <span className="text-sm text-muted">
            {text.problem.requestId} <CopyText value={problem.requestId} />
          </span>
        )}
      </div>
    </Banner>
  );
}

/** A page that broke: the frame stays, and says so. */
export function PageFault({ error }: { error: unknown }) {
  return (
    <div className="p-4">
      <ProblemBox error={error} title={text.problem.crash} />
      <div className="mt-3">
        <Button onClick={() => window.location.reload()}>{text.problem.reload}</Button>
      </div>
    </div>
  );
}
