import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { Check } from "lucide-react";

/** Not modal: the modal kind writes a style element, which the page's policy refuses. */
export function Menu({ trigger, children, align = "end" }: { trigger: ReactNode; children: ReactNode; align?: "start" | "end" }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} sideOffset={6} collisionPadding={8} className="z-50 max-w-80 min-w-52 rounded-lg border border-line bg-raised p-1 shadow-raised">
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ITEM = "flex min-h-9 items-center gap-2 rounded-md px-2 outline-none select-none data-[highlighted]:bg-accent-soft";

export function MenuItem({ onSelect, icon, children }: { onSelect: () => void; icon?: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Item onSelect={onSelect} className={ITEM}>
      {icon}
      {children}
    </DropdownMenu.Item>
  );
}

export function MenuChoice<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      <DropdownMenu.Label className="px-2 pt-2 pb-1 text-xs text-muted">{label}</DropdownMenu.Label>
      {options.map(([option, words]) => (
        <DropdownMenu.RadioItem key={option} value={option} onSelect={(event) => event.preventDefault()} className={ITEM}>
          <span className="flex-1">{words}</span>
          <DropdownMenu.ItemIndicator>
            <Check aria-hidden size={16} />
          </DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
