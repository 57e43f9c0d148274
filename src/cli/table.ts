/** Rows under headings, each column as wide as its widest cell; `-` for null. Control characters never reach a terminal. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => (cell === null ? "-" : String(cell).replaceAll(/\p{C}/gu, "?"))));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}
