import { PageHead } from "./card.tsx";
import { ProblemBox } from "./problem.tsx";
import { Waiting } from "./waiting.tsx";

interface Asked {
  readonly error: unknown;
  readonly isFetching: boolean;
  refetch(): unknown;
}

/** A page about one thing that is not there yet, or could not be read: its heading stands all the same. */
export function NotYet({ title, what, lines, query: { error, isFetching, refetch } }: { title: string; what: string; lines: number; query: Asked }) {
  return (
    <>
      <PageHead title={title} />
      {error === null ? <Waiting what={what} lines={lines} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />}
    </>
  );
}
