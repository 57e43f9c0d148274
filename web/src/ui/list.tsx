import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useKeys } from "../frame/keyboard.ts";
import { text } from "../text/frame.ts";
import { classes } from "./classes.ts";
import { ProblemBox } from "./problem.tsx";
import { Waiting } from "./waiting.tsx";

export interface ListPage<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}

export interface Column<Row> {
  readonly title: string;
  /** Grid width, e.g. `minmax(0, 2fr)`. */
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
  readonly right?: true;
  /** Left out on a phone. */
  readonly wide?: true;
  /** On a phone in two lines, so that more of it is seen. */
  readonly wrap?: true;
}

const ROW_PX = 44;

/**
 * A list of any length: only the rows in sight exist, further pages come by cursor as one scrolls. `j` and `k` move,
 * Enter opens.
 */
export function VirtualList<Row>({ query, columns, keyOf, open, empty, label, what }: { query: UseInfiniteQueryResult<InfiniteData<ListPage<Row>>>; columns: readonly Column<Row>[]; keyOf: (row: Row) => string; open?: (row: Row) => void; empty: ReactNode; label: string; what: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  const virtual = useVirtualizer({ count: rows.length + (query.hasNextPage ? 1 : 0), getScrollElement: () => place.current, estimateSize: () => ROW_PX, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (query.hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError && last >= rows.length - 30) void query.fetchNextPage();
  }, [last, rows.length, query]);
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by));
    setAt(next);
    virtual.scrollToIndex(next);
  };
  useKeys({
    single: {
      j: () => move(1),
      k: () => move(-1),
      Enter: (event) => {
        const row = rows[at];
        if (row === undefined || (event.target instanceof HTMLElement && event.target.closest("a,button") !== null)) return;
        open?.(row);
      },
    },
  });
  if (query.data === undefined) return query.error === null ? <div className="p-4"><Waiting what={what} lines={8} /></div> : <div className="p-4"><ProblemBox error={query.error} retry={() => void query.refetch()} busy={query.isFetching} /></div>;
  if (rows.length === 0) return empty;
  const wide = columns.map(({ width }) => width).join(" ");
  const narrow = columns.filter((column) => column.wide !== true).map(({ width }) => width).join(" ");
  const line = "grid items-center gap-3 px-4 grid-cols-(--narrow) sm:grid-cols-(--wide)";
  const hidden = (column: Column<Row>): string => classes("min-w-0", column.right === true && "text-right", column.wide === true && "hidden sm:block");
  return (
    <div role="table" aria-label={label} aria-rowcount={query.hasNextPage ? -1 : rows.length} style={{ "--wide": wide, "--narrow": narrow } as Record<string, string>}>
      <div role="rowgroup">
        <div role="row" className={classes(line, "h-9 border-b border-line text-sm text-muted")}>
          {columns.map((column) => (
            <div key={column.title} role="columnheader" className={hidden(column)}>
              {column.title}
            </div>
          ))}
        </div>
      </div>
      <div ref={place} tabIndex={0} role="rowgroup" aria-label={label} className="max-h-[max(20rem,calc(100dvh-17rem))] overflow-y-auto">
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) {
              return (
                <div key="more" role="row" style={{ position: "absolute", top: item.start, height: item.size }} className="flex w-full items-center px-4 text-muted">
                  <span role="cell">{query.isFetchNextPageError ? <button type="button" className="text-accent underline" onClick={() => void query.fetchNextPage()}>{text.problem.retry}</button> : text.waiting.wait(what)}</span>
                </div>
              );
            }
            return (
              <div
                key={keyOf(row)}
                role="row"
                aria-rowindex={item.index + 1}
                aria-selected={item.index === at}
                onClick={(event) => {
                  setAt(item.index);
                  if ((event.target as HTMLElement).closest("a,button") === null && window.getSelection()?.isCollapsed !== false) open?.(row);
                }}
                style={{ position: "absolute", top: item.start, height: item.size }}
                className={classes(line, "w-full border-b border-line", open !== undefined && "cursor-pointer hover:bg-sunken", item.index === at && "bg-accent-soft outline-2 -outline-offset-2 outline-accent")}
              >
                {columns.map((column) => (
                  <div key={column.title} role="cell" className={classes(hidden(column), "overflow-hidden text-ellipsis", column.wrap === true ? "max-sm:line-clamp-2 max-sm:text-sm max-sm:leading-[18px] sm:whitespace-nowrap" : "whitespace-nowrap")}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
