// The frame around every page: sidebar, drawer, skip link, shortcuts.
// Whether the sidebar is open is an attribute of <html> that first-paint.js sets before anything is drawn,
// so nothing jumps; on a phone the same sidebar is a drawer and starts closed.
import { Children, useEffect, useRef, useSyncExternalStore } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { PanelLeft, Plus } from "lucide-react";
import { ask } from "./backend.js";
import { Dialog } from "./dialog.jsx";
import { shortcuts, SHORTCUTS } from "./shortcuts.js";

const PHONE = "(width < 48rem)";
const RENEW_AFTER_MS = 3000; // by then a page without a session has been left
const AT_THE_END = { left: "auto", right: "0.5rem" }; // of the strip that begins with the sidebar's button
const watchers = new Set();
const root = () => document.documentElement;
const isPhone = () => matchMedia(PHONE).matches;
const isOpen = () => (isPhone() ? root().dataset.drawer === "open" : root().dataset.sidebar !== "closed");

function setOpen(open) {
  if (isPhone()) {
    root().dataset.drawer = open ? "open" : "closed";
  } else {
    root().dataset.sidebar = open ? "open" : "closed";
    try {
      localStorage.setItem("gantry.sidebar", root().dataset.sidebar);
    } catch {
      // storage is blocked: it stays for this page
    }
  }
  for (const watcher of watchers) watcher();
}

const subscribe = (watcher) => {
  watchers.add(watcher);
  const media = matchMedia(PHONE);
  media.addEventListener("change", watcher);
  return () => {
    watchers.delete(watcher);
    media.removeEventListener("change", watcher);
  };
};

let renewed = false;

/** Once per page load, when it has settled: have the session's cookie live on. That there is none is seen elsewhere. */
function renewSession() {
  if (renewed) return;
  renewed = true;
  setTimeout(() => ask("/api/v1/session").catch(() => {}), RENEW_AFTER_MS);
}

const closeDrawer = () => {
  if (isPhone()) setOpen(false);
};

/** First child: the content of the sidebar; the others: the page. */
export function Shell({ children }) {
  const [side, ...page] = Children.toArray(children);
  const open = useSyncExternalStore(subscribe, isOpen, () => true);
  const phone = useSyncExternalStore(subscribe, isPhone, () => false);
  const drawer = phone && open;
  const toggle = useRef(null);
  const aside = useRef(null);
  const help = useShortcuts();
  const { pathname } = useLocation();

  useEffect(renewSession, []);
  useEffect(closeDrawer, [pathname]);
  useEffect(() => {
    if (!drawer) return undefined;
    const back = toggle.current;
    aside.current.querySelector("a, button")?.focus();
    const onKeyDown = (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open")) closeDrawer();
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
      back?.focus({ preventScroll: true });
    };
  }, [drawer]);

  return (
    <div className="shell">
      <a className="skip-link" href="#main" inert={drawer}>
        Skip to content
      </a>
      <button
        ref={toggle}
        type="button"
        className="icon-button sidebar-toggle"
        aria-label="Sidebar"
        aria-controls="sidebar"
        aria-expanded={open}
        title={`${open ? "Close" : "Open"} sidebar`}
        onClick={() => setOpen(!isOpen())}
      >
        <PanelLeft size={19} aria-hidden />
      </button>
      {phone && !drawer ? (
        <Link to="/" className="icon-button sidebar-toggle" style={AT_THE_END} aria-label="New chat" title="New chat">
          <Plus size={19} aria-hidden />
        </Link>
      ) : null}
      <aside
        ref={aside}
        id="sidebar"
        className="sidebar"
        data-testid="sidebar"
        aria-label="Sidebar"
        onClick={(event) => {
          if (event.target.closest("a[href]")) closeDrawer();
        }}
      >
        {side}
      </aside>
      <div className="backdrop" aria-hidden onClick={closeDrawer} />
      <main id="main" className="main" tabIndex={-1} inert={drawer}>
        {page}
      </main>
      <Dialog open={help.open} title="Keyboard shortcuts" onClose={help.close} testid="shortcuts">
        <dl className="shortcuts">
          {SHORTCUTS().map(({ keys, does }) => (
            <div key={does}>
              <dt>{does}</dt>
              <dd>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </div>
  );
}

/** Listen for the shortcuts; returns whether their list is open. Anyone may open it by `gantry:shortcuts`. */
function useShortcuts() {
  const navigate = useNavigate();
  const [open, show] = shortcuts.useOpen();
  useEffect(() => {
    const act = {
      newChat: () => {
        navigate("/");
        document.querySelector('[data-testid="composer"]')?.focus();
      },
      toggleSidebar: () => setOpen(!isOpen()),
      help: () => show(true),
    };
    const onKeyDown = (event) => {
      const name = shortcuts.nameOf(event);
      if (!name || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      act[name]();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [navigate, show]);
  return { open, close: () => show(false) };
}
