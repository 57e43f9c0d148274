/** A line without axes beside a figure: only its shape is meant. Starts at zero. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return <span aria-hidden className="block h-8" />;
  const top = Math.max(...values, Number.MIN_VALUE);
  const points = values.map((value, index) => `${((index / (values.length - 1)) * 100).toFixed(1)},${(30 - (value / top) * 28).toFixed(1)}`).join(" ");
  return (
    <svg role="img" aria-label={label} viewBox="0 0 100 32" preserveAspectRatio="none" className="block h-8 w-full">
      <polyline points={points} fill="none" stroke="var(--series-actual)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}
