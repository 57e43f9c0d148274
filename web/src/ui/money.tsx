/** Amounts come from the API in major units with their currency; nothing is added up here. */

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, digits: "exact" | "round"): Intl.NumberFormat {
  const name = `${currency} ${digits}`;
  let format = formats.get(name);
  if (format === undefined) {
    const code = currency.toUpperCase();
    try {
      format = new Intl.NumberFormat(undefined, { style: "currency", currency: code, ...(digits === "round" ? { maximumFractionDigits: 0, minimumFractionDigits: 0 } : {}) });
    } catch {
      format = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 });
    }
    formats.set(name, format);
  }
  return format;
}

/** `$1,204.50` in the reader's own way of writing. */
export function moneyWords(major: number, currency: string): string {
  return formatOf(currency, "exact").format(major);
}

/** Without the cents, where the size matters and not the amount. */
export function moneyRound(major: number, currency: string): string {
  return formatOf(currency, "round").format(major);
}

export function Money({ major, currency, round = false }: { major: number | null; currency: string | null; round?: boolean }) {
  if (major === null || currency === null) return <span className="text-muted">–</span>;
  const words = round ? moneyRound(major, currency) : moneyWords(major, currency);
  return (
    <span className="tabular whitespace-nowrap">
      {words}
      {/* Where no sign is known the code stands in the words already. */}
      {words.includes(currency.toUpperCase()) ? null : <span className="ml-1 text-xs text-muted uppercase">{currency}</span>}
    </span>
  );
}
