// What can be done with one row of a table, behind one button.
import { Ellipsis } from "lucide-react";
import { Menu } from "./menu.jsx";

/** items: [{ key, label, danger }]; `onSelect` is told the key. */
export function Actions({ label, items, onSelect }) {
  return (
    <Menu
      label={label}
      className="icon-button"
      items={(items ?? []).map((item) => ({ ...item, onSelect: () => onSelect?.(item.key) }))}
      trigger={<Ellipsis size={18} aria-hidden />}
    />
  );
}
