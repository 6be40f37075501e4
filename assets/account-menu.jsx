// The person's own corner, at the foot of the sidebar.
import { useContext, useEffect } from "react";
import { useNavigate } from "react-router";
import { ChevronsUpDown, Keyboard, LogOut, Monitor, Moon, Settings, Shield, Sun } from "lucide-react";
import { ColorModeContext } from "$/utils/context-registry";
import { ask } from "./backend.js";
import { hangUp } from "./feed.jsx";
import { Menu } from "./menu.jsx";
import { shortcuts } from "./shortcuts.js";

const THEMES = [
  { value: "system", label: "System theme", Icon: Monitor },
  { value: "light", label: "Light", Icon: Sun },
  { value: "dark", label: "Dark", Icon: Moon },
];

/** End the session, then start from nothing: the tab's token must not outlive the person (REFLEX.md). */
async function signOut() {
  const answer = await ask("/api/v1/session", { method: "DELETE" }).catch(() => null);
  if (!answer || answer.status >= 500) return; // still signed in: do not pretend otherwise
  hangUp(); // it would be told to sign in again, and to come back here
  sessionStorage.removeItem("token");
  location.replace("/login");
}

/** Show the theme the account has, wherever it was chosen; render nothing. */
export function ThemeSync({ theme }) {
  const { rawColorMode, setColorMode } = useContext(ColorModeContext);
  useEffect(() => {
    if (THEMES.some(({ value }) => value === theme) && theme !== rawColorMode) setColorMode(theme);
    // Only when the account's theme changes: a choice made here is shown before the server has heard of it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [theme]);
  return null;
}

export function AccountMenu({ name, email, admin, onTheme }) {
  const { rawColorMode, setColorMode } = useContext(ColorModeContext);
  const navigate = useNavigate();
  const icon = (Icon) => <Icon size={17} aria-hidden />;
  const items = [
    { label: "Settings", icon: icon(Settings), onSelect: () => navigate("/settings") },
    ...(admin ? [{ label: "Administration", icon: icon(Shield), onSelect: () => navigate("/admin/users") }] : []),
    { label: "Keyboard shortcuts", icon: icon(Keyboard), onSelect: () => shortcuts.show(true) },
    { heading: "Theme" },
    ...THEMES.map(({ value, label, Icon }) => ({
      label,
      icon: icon(Icon),
      checked: rawColorMode === value,
      onSelect: () => {
        setColorMode(value);
        onTheme?.(value);
      },
    })),
    { rule: true },
    { label: "Sign out", icon: icon(LogOut), onSelect: signOut },
  ];
  return (
    <Menu
      label={name ? `Account: ${name}` : "Account"}
      className="account-button"
      testid="account-menu"
      items={items}
      header={
        <p className="menu-heading clip" title={email}>
          {email}
        </p>
      }
      trigger={
        <>
          <span className="avatar" aria-hidden>
            {(name || "·").slice(0, 1)}
          </span>
          <span className="grow clip">{name || "…"}</span>
          <ChevronsUpDown size={16} aria-hidden />
        </>
      }
    />
  );
}
